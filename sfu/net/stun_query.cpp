// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/stun_query.h"

#include <openssl/rand.h>

#include <array>
#include <utility>

namespace gstlk::net {
namespace {

using transport::StunBuilder;
using transport::StunClass;
using transport::StunMessage;

constexpr uint16_t kStunPort = 3478;
// RFC 8489 section 6.2.1: "RTO SHOULD be [...] 500 ms", doubled after each.
constexpr Duration kFirstInterval = 500ms;
constexpr size_t kMaxAnswer = 1500;

guint milliseconds(Duration duration) {
  return static_cast<guint>(
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

std::string without_scheme(const std::string& server) {
  constexpr std::string_view kScheme = "stun:";
  return server.starts_with(kScheme) ? server.substr(kScheme.size()) : server;
}

std::string take_message(GError*& error) {
  std::string message = error ? error->message : "unknown";
  g_clear_error(&error);
  return message;
}

}  // namespace

StunQuery::StunQuery(const std::string& local, const std::vector<std::string>& servers,
                     Duration limit, Done done)
    : done_(std::move(done)),
      alive_(Ref<GCancellable>::adopt(g_cancellable_new())),
      interval_(kFirstInterval) {
  RAND_bytes(transaction_.data(), static_cast<int>(transaction_.size()));
  for (const std::string& server : servers)
    servers_.push_back({this, without_scheme(server), "", {}, {}});
  const bool hopeless = servers_.empty() || !open(local);
  limit_timer_ = g_timeout_add(
      hopeless ? 0 : milliseconds(limit),
      [](gpointer data) -> gboolean {
        auto& self = *static_cast<StunQuery*>(data);
        self.limit_timer_ = 0;
        self.finish(fail(self.describe()));
        return G_SOURCE_REMOVE;
      },
      this);
  if (hopeless) return;
  for (Server& server : servers_) resolve(server);
  ask_all();
}

StunQuery::~StunQuery() { stop(); }

void StunQuery::stop() {
  g_cancellable_cancel(alive_.get());
  for (guint* timer : {&limit_timer_, &ask_timer_}) {
    if (*timer != 0) g_source_remove(std::exchange(*timer, 0));
  }
  if (!source_) return;
  g_source_destroy(source_);
  g_source_unref(std::exchange(source_, nullptr));
}

bool StunQuery::open(const std::string& local) {
  GSocketAddress* raw = g_inet_socket_address_new_from_string(local.c_str(), 0);
  if (!raw || g_socket_address_get_family(raw) != G_SOCKET_FAMILY_IPV4) {
    g_clear_object(&raw);
    trouble_ = local + " is no IPv4 address";
    return false;
  }
  const auto address = Ref<GSocketAddress>::adopt(raw);
  GError* error = nullptr;
  socket_ = Ref<GSocket>::adopt(
      g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error));
  if (!socket_ || !g_socket_bind(socket_.get(), address.get(), FALSE, &error)) {
    trouble_ = take_message(error);
    return false;
  }
  g_socket_set_blocking(socket_.get(), FALSE);
  source_ = g_socket_create_source(socket_.get(), G_IO_IN, nullptr);
  const GSocketSourceFunc on_readable = [](GSocket*, GIOCondition, gpointer self) -> gboolean {
    static_cast<StunQuery*>(self)->read();
    return G_SOURCE_CONTINUE;
  };
  g_source_set_callback(source_, G_SOURCE_FUNC(on_readable), this, nullptr);
  g_source_attach(source_, nullptr);
  return true;
}

void StunQuery::resolve(Server& server) {
  GError* error = nullptr;
  const auto place = Ref<GSocketConnectable>::adopt(
      g_network_address_parse(server.name.c_str(), kStunPort, &error));
  if (!place) {
    server.trouble = take_message(error);
    return;
  }
  server.enumerator =
      Ref<GSocketAddressEnumerator>::adopt(g_socket_connectable_enumerate(place.get()));
  g_socket_address_enumerator_next_async(server.enumerator.get(), alive_.get(), on_resolved,
                                         &server);
}

void StunQuery::on_resolved(GObject* enumerator, GAsyncResult* result, gpointer data) {
  GError* error = nullptr;
  const auto address = Ref<GSocketAddress>::adopt(g_socket_address_enumerator_next_finish(
      G_SOCKET_ADDRESS_ENUMERATOR(enumerator), result, &error));
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_error_free(error);
    return;  // `data` is gone.
  }
  auto& server = *static_cast<Server*>(data);
  if (!address) {
    server.trouble = error ? take_message(error) : "it has no IPv4 address";
  } else if (g_socket_address_get_family(address.get()) == G_SOCKET_FAMILY_IPV4) {
    server.address = address;
    server.query->ask(server);
  } else {
    g_socket_address_enumerator_next_async(server.enumerator.get(), server.query->alive_.get(),
                                           on_resolved, data);
  }
}

// A send that fails now may succeed the next time.
void StunQuery::ask(const Server& server) {
  std::array<uint8_t, 128> request;
  const size_t size = StunBuilder(request, StunClass::Request, transaction_).finish();
  g_socket_send_to(socket_.get(), server.address.get(),
                   reinterpret_cast<const gchar*>(request.data()), size, nullptr, nullptr);
}

void StunQuery::ask_all() {
  for (const Server& server : servers_) {
    if (server.address) ask(server);
  }
  ask_timer_ = g_timeout_add(
      milliseconds(interval_),
      [](gpointer self) -> gboolean {
        static_cast<StunQuery*>(self)->ask_all();
        return G_SOURCE_REMOVE;
      },
      this);
  interval_ *= 2;
}

void StunQuery::read() {
  std::array<uint8_t, kMaxAnswer> bytes;
  const gssize size = g_socket_receive(socket_.get(), reinterpret_cast<gchar*>(bytes.data()),
                                       bytes.size(), nullptr, nullptr);
  if (size <= 0) return;
  const auto answer = StunMessage::parse(ByteView(bytes).first(static_cast<size_t>(size)));
  // 96 random bits: nobody who has not seen the request can answer it.
  if (!answer || answer->message_class != StunClass::Success ||
      answer->transaction != transaction_ || !answer->mapped_address ||
      answer->mapped_address->family() != transport::SocketAddress::Family::Ipv4)
    return;
  finish(answer->mapped_address->host());
}

void StunQuery::finish(const Result<std::string>& result) {
  stop();
  const Done done = std::exchange(done_, nullptr);
  done(result);  // which may destroy this
}

std::string StunQuery::describe() const {
  if (!trouble_.empty()) return trouble_;
  std::string text;
  for (const Server& server : servers_) {
    text += (text.empty() ? "" : "; ") + server.name + ": " +
            (!server.trouble.empty() ? server.trouble
             : server.address        ? "no answer"
                                     : "its name is not resolved");
  }
  return text.empty() ? "no STUN server is named" : text;
}

}  // namespace gstlk::net
