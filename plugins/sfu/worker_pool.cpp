// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/worker_pool.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <openssl/rand.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "plugins/sfu/peer_session.h"
#include "transport/sctp.h"
#include "transport/socket_options.h"
#include "transport/stun.h"

namespace gstlk::sfu {
namespace {

using transport::SocketAddress;

constexpr int kTcpBacklog = 512;
constexpr Duration kSctpBusy = 500ms;  // after the last that came or went

void fill_random(std::span<uint8_t> out) { RAND_bytes(out.data(), static_cast<int>(out.size())); }

std::vector<std::string> hosts_of(const WorkerPoolConfig& config) {
  if (!config.addresses.empty()) return config.addresses;
  std::vector<std::string> hosts;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return hosts;
  for (const ifaddrs* entry = list; entry; entry = entry->ifa_next) {
    if (!entry->ifa_addr || !(entry->ifa_flags & IFF_UP)) continue;
    const int family = entry->ifa_addr->sa_family;
    if (family != AF_INET && !(family == AF_INET6 && config.ipv6)) continue;
    if ((entry->ifa_flags & IFF_LOOPBACK) && !config.loopback) continue;
    if (family == AF_INET6) {
      const auto* address = reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr);
      if (IN6_IS_ADDR_LINKLOCAL(&address->sin6_addr)) continue;
    }
    const socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    const std::string host = SocketAddress::from_sockaddr(entry->ifa_addr, size).host();
    if (std::ranges::find(hosts, host) == hosts.end()) hosts.push_back(host);
  }
  freeifaddrs(list);
  return hosts;
}

Unexpected<Error> port_error(const char* what, const SocketAddress& address) {
  return fail(std::string("cannot listen on ") + what + " " + address.to_text() + ": " +
              strerror(errno) + "; choose another port or address, or stop what uses it");
}

bool is_own(const SocketAddress& address) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return false;
  bool found = false;
  for (const ifaddrs* entry = list; entry && !found; entry = entry->ifa_next) {
    if (!entry->ifa_addr || entry->ifa_addr->sa_family != AF_INET6) continue;
    found = SocketAddress::from_sockaddr(entry->ifa_addr, sizeof(sockaddr_in6)).host() ==
            address.host();
  }
  freeifaddrs(list);
  return found;
}

// An IPv6 address that the kernel still checks for duplicates (RFC 4862 section 5.4), as for a
// second after the start of the machine, can be bound to if one insists, and works when that is
// over.
bool bind_to(int fd, const SocketAddress& address) {
  sockaddr_storage storage{};
  const socklen_t size = address.to_sockaddr(storage);
  const auto* raw = reinterpret_cast<const sockaddr*>(&storage);
  if (bind(fd, raw, size) == 0) return true;
  const int error = errno;
  if (error != EADDRNOTAVAIL || storage.ss_family != AF_INET6 || !is_own(address)) {
    errno = error;
    return false;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on);
  return bind(fd, raw, size) == 0;
}

// `shared`: SO_REUSEPORT, for a worker's own socket. Without it the call fails when anybody else
// has the port, which is how a second daemon is told from a second worker.
int open_socket(int type, const SocketAddress& address, bool shared) {
  const bool ipv6 = address.family() == SocketAddress::Family::Ipv6;
  const int fd = socket(ipv6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  if (ipv6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (shared) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (type == SOCK_STREAM) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!bind_to(fd, address) || (type == SOCK_STREAM && listen(fd, kTcpBacklog) != 0)) {
    const int saved = errno;
    close(fd);
    errno = saved;
    return -1;
  }
  return fd;
}

void set_buffers(int fd) {
  // The forced form passes net.core.*mem_max where that is allowed.
  const int size = kSocketBuffer;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0) {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  }
  const int on = 1;
  setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof on);
}

struct ContextHolder {
  std::shared_ptr<WorkerPool> pool;
};

gpointer copy_holder(gpointer boxed) {
  return new ContextHolder(*static_cast<ContextHolder*>(boxed));
}
void free_holder(gpointer boxed) { delete static_cast<ContextHolder*>(boxed); }

GType holder_type() {
  static const GType type =
      g_boxed_type_register_static("GstLkSfuWorkerPool", copy_holder, free_holder);
  return type;
}

}  // namespace

// usrsctp's timers are global: the first worker runs them, while there is anybody to run them for.
class WorkerPool::SctpTimer final : public Timer {
 public:
  explicit SctpTimer(WorkerPool& pool) : pool_(pool) {}

  void start() {
    Worker& worker = *pool_.workers_.front();
    if (scheduled()) return;
    last_ = worker.now();
    busy_until_ = last_ + kSctpBusy;
    schedule(worker);
  }

  void on_timer(Timestamp now) override {
    auto& stack = transport::SctpStack::instance();
    stack.handle_timers(now - last_);
    last_ = now;
    if (stack.take_busy()) busy_until_ = now + kSctpBusy;
    bool needed = false;
    {
      MutexLock lock(pool_.mutex_);
      needed = !pool_.sessions_.empty();
    }
    if (needed) schedule(*pool_.workers_.front());
  }

 private:
  void schedule(Worker& worker) {
    const bool busy = last_ < busy_until_;
    const Duration tick = busy ? transport::SctpStack::kTick : transport::SctpStack::kIdleTick;
    worker.timers().schedule(*this, round_up(last_ + 1ms, tick));
  }

  WorkerPool& pool_;
  Timestamp last_{};
  Timestamp busy_until_{};
};

Result<std::shared_ptr<WorkerPool>> WorkerPool::create(const WorkerPoolConfig& config) {
  // The last element may end where it is called from, on a worker, which cannot wait for itself.
  std::shared_ptr<WorkerPool> pool(new WorkerPool, [](WorkerPool* over) {
    if (Worker::current()) {
      std::thread([over] { delete over; }).detach();
    } else {
      delete over;
    }
  });
  auto dtls = transport::DtlsContext::create();
  if (!dtls) return Unexpected<Error>{dtls.error()};
  pool->dtls_ = std::move(*dtls);
  if (auto opened = pool->open(config); !opened) return Unexpected<Error>{opened.error()};
  pool->advertise({});
  return pool;
}

WorkerPool::~WorkerPool() {
  // Worker by worker: one that still runs may post to one that has ended, whose mailbox stays.
  for (auto& worker : workers_) worker->stop();
  workers_.clear();
}

Result<void> WorkerPool::open(const WorkerPoolConfig& config) {
  on_guest_ = config.on_guest;
  takes_tls_ = config.takes_tls;
  {
    MutexLock lock(mutex_);
    candidate_settings_ = {config.node_ip, config.additional_ips, {}};
  }
  const uint16_t last = std::max(config.udp_port, config.udp_port_last);
  for (const std::string& host : hosts_of(config)) {
    for (uint32_t port = config.udp_port; config.udp && port <= last; ++port) {
      const auto address = SocketAddress::from_host(host, static_cast<uint16_t>(port));
      if (!address) return fail("not an IP address: " + host);
      const int probe = open_socket(SOCK_DGRAM, *address, false);
      if (probe < 0) return port_error("UDP", *address);
      close(probe);
      udp_addresses_.push_back(*address);
    }
    if (config.tcp_port == 0) continue;
    const auto address = SocketAddress::from_host(host, config.tcp_port);
    const int probe = open_socket(SOCK_STREAM, *address, false);
    if (probe < 0) return port_error("TCP", *address);
    close(probe);
    tcp_addresses_.push_back(*address);
  }
  if (udp_addresses_.empty() && tcp_addresses_.empty()) {
    return fail(
        "no network interface has a usable address; name one with rtc.interfaces, or "
        "set rtc.enable_loopback_candidate");
  }
  const unsigned count =
      config.workers ? config.workers : std::max(1u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < count; ++i) {
    std::vector<Worker::Endpoint> udp;
    std::vector<Worker::Endpoint> tcp;
    for (const SocketAddress& address : udp_addresses_) {
      udp.push_back({address, open_socket(SOCK_DGRAM, address, true)});
      if (udp.back().fd < 0) return port_error("UDP", address);
      set_buffers(udp.back().fd);
    }
    for (const SocketAddress& address : tcp_addresses_) {
      tcp.push_back({address, open_socket(SOCK_STREAM, address, true)});
      if (tcp.back().fd < 0) return port_error("TCP", address);
    }
    workers_.push_back(std::make_unique<Worker>(i, *this, std::move(udp), std::move(tcp)));
  }
  sctp_timer_ = std::make_unique<SctpTimer>(*this);
  return {};
}

std::vector<std::string> WorkerPool::candidates() const {
  MutexLock lock(mutex_);
  return candidates_;
}

std::vector<std::string> WorkerPool::local_hosts() const {
  std::vector<std::string> hosts;
  for (const auto* addresses : {&udp_addresses_, &tcp_addresses_}) {
    for (const SocketAddress& address : *addresses) {
      if (std::ranges::count(hosts, address.host()) == 0) hosts.push_back(address.host());
    }
  }
  return hosts;
}

void WorkerPool::advertise(const AdvertisedAddresses& instead) {
  MutexLock lock(mutex_);
  candidate_settings_.instead = instead;
  candidates_ = make_candidates(udp_addresses_, tcp_addresses_, candidate_settings_);
}

GstContext* WorkerPool::to_context(const std::shared_ptr<WorkerPool>& pool) {
  GstContext* context = gst_context_new(kContextType, TRUE);
  GstStructure* structure = gst_context_writable_structure(context);
  ContextHolder holder{pool};
  gst_structure_set(structure, "pool", holder_type(), &holder, nullptr);
  return context;
}

std::shared_ptr<WorkerPool> WorkerPool::from_context(GstContext* context) {
  if (!gst_context_has_context_type(context, kContextType)) return nullptr;
  const GValue* value = gst_structure_get_value(gst_context_get_structure(context), "pool");
  if (!value || !G_VALUE_HOLDS(value, holder_type())) return nullptr;
  return static_cast<ContextHolder*>(g_value_get_boxed(value))->pool;
}

RandomSource WorkerPool::random() const { return fill_random; }

Ssrc WorkerPool::random_ssrc() const {
  uint32_t value = 0;
  while (value == 0) fill_random({reinterpret_cast<uint8_t*>(&value), sizeof value});
  return Ssrc(value);
}

std::string WorkerPool::random_cname() const {
  std::array<uint8_t, 8> bytes;
  fill_random(bytes);
  std::string text;
  for (uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

void WorkerPool::register_ufrag(const std::string& ufrag,
                                const std::shared_ptr<PeerSession>& session) {
  bool first = false;
  {
    MutexLock lock(mutex_);
    first = sessions_.empty();
    sessions_[ufrag] = session;
  }
  if (first) workers_.front()->post([timer = sctp_timer_.get()] { timer->start(); });
}

void WorkerPool::unregister_ufrag(const std::string& ufrag) {
  MutexLock lock(mutex_);
  sessions_.erase(ufrag);
}

Traffic WorkerPool::traffic() const {
  Traffic traffic;
  for (const auto& worker : workers_) std::as_const(*worker).traffic().add_to(traffic);
  return traffic;
}

void WorkerPool::forget_elsewhere(const std::shared_ptr<PeerSession>& session,
                                  const Worker& owner) {
  for (const auto& worker : workers_) {
    if (worker.get() == &owner) continue;
    worker->post([worker = worker.get(), session] { worker->forget(*session); });
  }
}

std::shared_ptr<PeerSession> WorkerPool::find_session(ByteView check) const {
  const std::string_view ufrag = transport::stun_local_ufrag(check);
  if (ufrag.empty() || ufrag.size() > 256) return nullptr;
  MutexLock lock(mutex_);
  const auto found = sessions_.find(std::string(ufrag));
  return found == sessions_.end() ? nullptr : found->second.lock();
}

}  // namespace gstlk::sfu
