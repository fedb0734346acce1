// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/tls_gate.h"

#include <gio/gnetworking.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gstlk::net {
namespace {

using Stage = HttpConnections::Stage;

// Two of the pool's threads are left for others, such as lookups of names.
constexpr size_t kMaxRunning = 8;
constexpr gint64 kPatience = G_USEC_PER_SEC;
constexpr guint kLookMilliseconds = 100;

// struct {
//     ContentType type;               22 is handshake
//     ProtocolVersion legacy_record_version;
//     uint16 length;                  at most 2^14
//     opaque fragment[TLSPlaintext.length];
// } TLSPlaintext;
constexpr uint8_t kHandshake = 22;
constexpr int kHeader = 5;
constexpr int kMaxFragment = 1 << 14;

void set_low_water(GSocket* socket, int bytes) {
  g_socket_set_option(socket, SOL_SOCKET, SO_RCVLOWAT, bytes, nullptr);
}

// What one client has: an IPv4 address, 64 bits of an IPv6 address.
std::string network_of(GSocketAddress* address) {
  if (!G_IS_INET_SOCKET_ADDRESS(address)) return {};
  GInetAddress* host = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address));
  const auto* bytes = reinterpret_cast<const char*>(g_inet_address_to_bytes(host));
  return {bytes, std::min<size_t>(g_inet_address_get_native_size(host), 8)};
}

// How much has to be there before the handshake begins; 0: this will be none.
int needed(int fd) {
  std::array<uint8_t, kHeader> header{};
  const ssize_t count = recv(fd, header.data(), header.size(), MSG_PEEK | MSG_DONTWAIT);
  if (count < kHeader || header[0] != kHandshake) return 0;
  const int length = header[3] << 8 | header[4];
  return length > 0 && length <= kMaxFragment ? kHeader + length : 0;
}

// Whether the client sends no more.
bool has_ended(int fd) {
  pollfd state{fd, POLLRDHUP, 0};
  return poll(&state, 1, 0) != 0;
}

// Where `entry` is, which is in there.
template <class Entries, class Entry>
auto find(Entries& entries, const Entry& entry) {
  return std::ranges::find(entries, &entry, [](const auto& owned) { return owned.get(); });
}

Ref<GIOStream> make_stream(GSocket* socket, GTlsCertificate* certificate) {
  auto plain =
      Ref<GIOStream>::adopt(G_IO_STREAM(g_socket_connection_factory_create_connection(socket)));
  auto stream =
      Ref<GIOStream>::adopt(g_tls_server_connection_new(plain.get(), certificate, nullptr));
  if (!stream) return {};
  static const char* const kProtocols[] = {"http/1.1", nullptr};
  // Browsers leave without a word.
  g_object_set(stream.get(), "require-close-notify", FALSE, "advertised-protocols", kProtocols,
               nullptr);
  return stream;
}

}  // namespace

struct TlsGate::Entry {
  Entry(TlsGate& g, AcceptedConnection c)
      : gate(g), connection(std::move(c)), network(network_of(connection.remote.get())) {}
  ~Entry() { stop_watching(); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  // Its end is told with any condition.
  void watch(GIOCondition condition, GSocketSourceFunc on_ready) {
    stop_watching();
    GSource* made = g_socket_create_source(connection.socket.get(), condition, nullptr);
    g_source_set_callback(made, G_SOURCE_FUNC(on_ready), this, nullptr);
    source = g_source_attach(made, nullptr);
    g_source_unref(made);
  }
  // Looks again in a while.
  void pause() {
    stop_watching();
    source = g_timeout_add(kLookMilliseconds, on_paused, this);
  }
  static gboolean on_paused(gpointer data) {
    auto* entry = static_cast<Entry*>(data);
    entry->watch(G_IO_IN, on_readable);
    return G_SOURCE_CONTINUE;  // it was removed
  }
  void stop_watching() {
    if (source != 0) g_source_remove(std::exchange(source, 0));
  }

  TlsGate& gate;
  const AcceptedConnection connection;
  const std::string network;
  guint source = 0;
  int needs = kHeader;  // so many bytes, before it is looked at
  gint64 started = 0;
};

struct TlsGate::Handshake {
  const std::weak_ptr<TlsGate*> gate;
  const Entry* const entry;  // of the gate, if that is still there
};

TlsGate::TlsGate(HttpConnections& connections, OnOpen on_open)
    : connections_(connections),
      on_open_(std::move(on_open)),
      self_(std::make_shared<TlsGate*>(this)) {}

TlsGate::~TlsGate() { clear(); }

void TlsGate::use_certificate(Ref<GTlsCertificate> certificate) {
  certificate_ = std::move(certificate);
}

void TlsGate::admit(AcceptedConnection connection) {
  silent_.push_back(std::make_unique<Entry>(*this, std::move(connection)));
  Entry& entry = *silent_.back();
  set_low_water(entry.connection.socket.get(), entry.needs);
  entry.watch(G_IO_IN, on_readable);
}

void TlsGate::clear() {
  self_ = std::make_shared<TlsGate*>(this);
  for (const auto& entry : running_)
    g_socket_shutdown(entry->connection.socket.get(), TRUE, TRUE, nullptr);
  for (Entries* entries : {&silent_, &waiting_, &running_}) entries->clear();
  if (timer_ != 0) g_source_remove(std::exchange(timer_, 0));
}

// False: it has to be closed. The kernel wakes us with less than was asked for when no more will
// come, and when it is short of memory.
bool TlsGate::handle_readable(Entry& entry) {
  const int fd = g_socket_get_fd(entry.connection.socket.get());
  int available = 0;
  if (ioctl(fd, FIONREAD, &available) != 0) return false;
  if (available < entry.needs) {
    if (has_ended(fd)) return false;
    entry.pause();
    return true;
  }
  entry.needs = needed(fd);
  if (entry.needs == 0) return false;
  if (available >= entry.needs) {
    queue(entry);
  } else {
    set_low_water(entry.connection.socket.get(), entry.needs);
  }
  return true;
}

void TlsGate::queue(Entry& entry) {
  entry.watch({}, on_hung_up);
  waiting_.splice(waiting_.end(), silent_, find(silent_, entry));
  start_next();
}

void TlsGate::start_next() {
  while (running_.size() < kMaxRunning && !waiting_.empty()) start(choose_next());
  if (waiting_.empty() && timer_ != 0) g_source_remove(std::exchange(timer_, 0));
  if (!waiting_.empty() && timer_ == 0) timer_ = g_timeout_add(kLookMilliseconds, on_look, this);
}

TlsGate::Entries::iterator TlsGate::choose_next() {
  auto best = std::prev(waiting_.end());
  size_t fewest = running_of((*best)->network);
  for (auto it = best; fewest > 0 && it != waiting_.begin();) {
    --it;
    const size_t running = running_of((*it)->network);
    if (running >= fewest) continue;
    best = it;
    fewest = running;
  }
  return best;
}

size_t TlsGate::running_of(const std::string& network) const {
  return static_cast<size_t>(std::ranges::count_if(
      running_, [&](const auto& entry) { return entry->network == network; }));
}

void TlsGate::start(Entries::iterator next) {
  Entry& entry = **next;
  GSocket* const socket = entry.connection.socket.get();
  entry.stop_watching();
  set_low_water(socket, 1);
  const Ref<GIOStream> stream = make_stream(socket, certificate_.get());
  if (!stream) {
    waiting_.erase(next);
    return;
  }
  running_.splice(running_.end(), waiting_, next);
  entry.started = g_get_monotonic_time();
  connections_.change(G_OBJECT(entry.connection.remote.get()), Stage::Handshake);
  g_tls_connection_handshake_async(G_TLS_CONNECTION(stream.get()), G_PRIORITY_DEFAULT, nullptr,
                                   on_handshaken, new Handshake{self_, &entry});
}

void TlsGate::finish(const Entry& entry, Ref<GIOStream> stream) {
  const auto found = find(running_, entry);
  const std::unique_ptr<Entry> finished = std::move(*found);
  running_.erase(found);
  if (stream) {
    connections_.change(G_OBJECT(entry.connection.remote.get()), Stage::Request);
    on_open_(std::move(stream), entry.connection);
  }
  start_next();
}

void TlsGate::shut_down_slow() {
  const gint64 now = g_get_monotonic_time();
  for (const auto& entry : running_) {
    if (now - entry->started < kPatience) return;
    g_socket_shutdown(entry->connection.socket.get(), TRUE, TRUE, nullptr);
  }
}

gboolean TlsGate::on_readable(GSocket*, GIOCondition, gpointer data) {
  auto* entry = static_cast<Entry*>(data);
  TlsGate& gate = entry->gate;
  if (!gate.handle_readable(*entry)) gate.silent_.erase(find(gate.silent_, *entry));
  return G_SOURCE_CONTINUE;  // unless the source was removed
}

gboolean TlsGate::on_hung_up(GSocket*, GIOCondition, gpointer data) {
  auto* entry = static_cast<Entry*>(data);
  TlsGate& gate = entry->gate;
  gate.waiting_.erase(find(gate.waiting_, *entry));
  return G_SOURCE_CONTINUE;  // of which there is none any more
}

gboolean TlsGate::on_look(gpointer self) {
  static_cast<TlsGate*>(self)->shut_down_slow();
  return G_SOURCE_CONTINUE;
}

void TlsGate::on_handshaken(GObject* stream, GAsyncResult* result, gpointer data) {
  const std::unique_ptr<Handshake> handshake(static_cast<Handshake*>(data));
  const bool open =
      g_tls_connection_handshake_finish(G_TLS_CONNECTION(stream), result, nullptr) != FALSE;
  const auto gate = handshake->gate.lock();
  if (!gate) return;
  (*gate)->finish(*handshake->entry,
                  open ? Ref<GIOStream>::share(G_IO_STREAM(stream)) : Ref<GIOStream>{});
}

}  // namespace gstlk::net
