// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/worker.h"

#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "plugins/sfu/peer_session.h"
#include "plugins/sfu/worker_pool.h"
#include "transport/demux.h"

#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif

namespace gstlk::sfu {
namespace {

// epoll_data: what kind of descriptor became ready, and which.
enum class Source : uint32_t { Wake, Udp, TcpListener, TcpConnection };
uint64_t tag(Source source, uint32_t value) { return static_cast<uint64_t>(source) << 32 | value; }

// A connection that sends no valid check within this time is closed.
constexpr Duration kTcpFirstCheckLimit = 10s;
constexpr Duration kTcpReapInterval = 1s;

}  // namespace

thread_local Worker* Worker::current_ = nullptr;

// Where recvmmsg puts a batch. With UDP_GRO one message holds up to 64 datagrams of one sender.
struct Worker::ReceiveArea {
  static constexpr size_t kMessages = 32;
  static constexpr size_t kMessageSize = 65'536;
  struct alignas(cmsghdr) Control {
    uint8_t bytes[CMSG_SPACE(sizeof(int))];
  };

  std::unique_ptr<uint8_t[]> bytes{new uint8_t[kMessages * kMessageSize]};
  std::array<mmsghdr, kMessages> headers{};
  std::array<iovec, kMessages> vectors{};
  std::array<sockaddr_in6, kMessages> addresses{};
  std::array<Control, kMessages> controls{};

  ReceiveArea() {
    for (size_t i = 0; i < kMessages; ++i) {
      vectors[i] = {bytes.get() + i * kMessageSize, kMessageSize};
      headers[i].msg_hdr.msg_iov = &vectors[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
  }

  void prepare() {
    for (size_t i = 0; i < kMessages; ++i) {
      msghdr& header = headers[i].msg_hdr;
      header.msg_name = &addresses[i];
      header.msg_namelen = sizeof addresses[i];
      header.msg_control = controls[i].bytes;
      header.msg_controllen = sizeof controls[i].bytes;
    }
  }

  // Size of the datagrams in message `i`; the whole message when it was not coalesced.
  size_t segment_size(size_t i) {
    msghdr& header = headers[i].msg_hdr;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
        int size = 0;
        std::memcpy(&size, CMSG_DATA(c), sizeof size);
        if (size > 0) return static_cast<size_t>(size);
      }
    }
    return headers[i].msg_len;
  }
};

Worker::Worker(unsigned index, WorkerPool& pool, std::vector<Endpoint> udp,
               std::vector<Endpoint> tcp)
    : index_(index),
      pool_(pool),
      udp_(std::move(udp)),
      tcp_(std::move(tcp)),
      area_(new ReceiveArea) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  auto watch = [this](int fd, uint64_t data) {
    epoll_event event{EPOLLIN, {.u64 = data}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  };
  watch(wake_, tag(Source::Wake, 0));
  for (uint32_t i = 0; i < udp_.size(); ++i) watch(udp_[i].fd, tag(Source::Udp, i));
  for (uint32_t i = 0; i < tcp_.size(); ++i) watch(tcp_[i].fd, tag(Source::TcpListener, i));
  thread_ = std::thread([this] { run(); });
}

void Worker::stop() {
  stopping_ = true;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
  if (thread_.joinable()) thread_.join();
}

Worker::~Worker() {
  stop();
  for (const Endpoint& endpoint : udp_) close(endpoint.fd);
  for (const Endpoint& endpoint : tcp_) close(endpoint.fd);
  close(wake_);
  close(epoll_);
}

Timestamp Worker::read_clock() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return Timestamp(Duration(time.tv_sec * 1'000'000 + time.tv_nsec / 1000));
}

void Worker::post(std::function<void()> task) {
  {
    MutexLock lock(mailbox_mutex_);
    mailbox_.push_back(std::move(task));
  }
  wake();
}

bool Worker::post_packets(std::function<void()> task) {
  {
    MutexLock lock(mailbox_mutex_);
    if (waiting_packets_ == kMaxWaitingPackets) {
      ++overrun_;
      return false;
    }
    ++waiting_packets_;
    mailbox_.push_back(std::move(task));
  }
  wake();
  return true;
}

void Worker::wake() {
  // A wake-up of a sleeping thread is dear, so a running one is not woken.
  if (sleeping_.exchange(false)) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
  }
}

void Worker::run() {
  pthread_setname_np(pthread_self(), ("sfu-worker-" + std::to_string(index_)).c_str());
  current_ = this;
  now_ = read_clock();
  std::array<epoll_event, 64> events;
  while (!stopping_) {
    int timeout = wait_milliseconds();
    sleeping_ = true;
    {
      MutexLock lock(mailbox_mutex_);
      if (!mailbox_.empty()) timeout = 0;
    }
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout);
    sleeping_ = false;
    now_ = read_clock();
    for (int i = 0; i < count; ++i) {
      const auto value = static_cast<uint32_t>(events[static_cast<size_t>(i)].data.u64);
      switch (static_cast<Source>(events[static_cast<size_t>(i)].data.u64 >> 32)) {
        case Source::Wake: {
          uint64_t ignored;
          [[maybe_unused]] const ssize_t read_count = read(wake_, &ignored, sizeof ignored);
          break;
        }
        case Source::Udp:
          read_udp(value);
          break;
        case Source::TcpListener:
          accept_tcp(value);
          break;
        case Source::TcpConnection:
          read_tcp(static_cast<int>(value));
          break;
      }
    }
    run_mailbox();
    timers_.run(now_);
    finish_turn();
  }
  // What was posted before the end, the release of sessions above all, still runs.
  run_mailbox();
  touched_.clear();
  addresses_.clear();
  tcp_peers_.clear();
  current_ = nullptr;
}

int Worker::wait_milliseconds() const {
  const auto deadline = timers_.next_deadline();
  if (!deadline) return -1;
  const Duration left = *deadline - read_clock();
  if (left <= 0us) return 0;
  return static_cast<int>((left.count() + 999) / 1000);
}

void Worker::run_mailbox() {
  {
    MutexLock lock(mailbox_mutex_);
    running_.swap(mailbox_);
    waiting_packets_ = 0;
    counters_.overrun = overrun_;
  }
  for (auto& task : running_) task();
  running_.clear();
}

void Worker::touch(PeerSession& session) {
  if (session.mark_touched()) touched_.push_back(session.shared_from_this());
}

void Worker::finish_turn() {
  // Grows while it is walked: what one session forwards may touch another.
  for (size_t i = 0; i < touched_.size(); ++i) {
    const std::shared_ptr<PeerSession> session = touched_[i];
    session->finish_turn(now_);
  }
  touched_.clear();
  send_batch_.flush();
  for (size_t i = 0; i < tcp_unflushed_.size(); ++i) {
    TcpConnection* connection = tcp_unflushed_[i];
    if (!connection) continue;  // closed since
    const int fd = connection->fd();
    if (connection->flush()) {
      watch_tcp(fd, connection->wants_write());
    } else {
      drop_tcp(fd);
    }
  }
  tcp_unflushed_.clear();
}

// --- UDP ---

void Worker::read_udp(uint32_t endpoint) {
  ReceiveArea& area = *area_;
  area.prepare();
  const int count = recvmmsg(udp_[endpoint].fd, area.headers.data(), ReceiveArea::kMessages,
                             MSG_DONTWAIT, nullptr);
  for (int i = 0; i < count; ++i) {
    const auto index = static_cast<size_t>(i);
    const auto remote = transport::SocketAddress::from_sockaddr(
        reinterpret_cast<const sockaddr*>(&area.addresses[index]),
        area.headers[index].msg_hdr.msg_namelen);
    if (remote.empty()) continue;
    const uint8_t* bytes = static_cast<const uint8_t*>(area.vectors[index].iov_base);
    const size_t size = area.headers[index].msg_len;
    const size_t segment = std::max<size_t>(area.segment_size(index), 1);
    for (size_t at = 0; at < size; at += segment) {
      counters_.received++;
      handle_datagram({bytes + at, std::min(segment, size - at)}, remote, endpoint);
    }
  }
}

void Worker::handle_datagram(ByteView datagram, const transport::SocketAddress& remote,
                             uint32_t endpoint) {
  const AddressPair pair{remote, endpoint};
  if (!last_owner_ || !(pair == last_pair_)) {
    const auto found = addresses_.find(pair);
    if (found == addresses_.end()) {
      handle_unknown(datagram, remote, endpoint);
      return;
    }
    last_pair_ = pair;
    last_owner_ = &found->second;
  }
  Owner& owner = *last_owner_;
  if (transport::classify(datagram) == transport::PacketKind::Stun &&
      !(owner.session && owner.session->expects_check(datagram))) {
    // An address that another client uses now, or a session of another worker.
    handle_unknown(datagram, remote, endpoint);
    return;
  }
  if (owner.foreign) {
    counters_.handed_over++;
    owner.foreign->post_packets(
        [target = owner.foreign, session = owner.session,
         copy = Bytes(datagram.begin(), datagram.end()), remote,
         local = udp_[endpoint].address] { target->handle_foreign(session, copy, remote, local); });
    return;
  }
  deliver(*owner.session, datagram, remote, udp_[endpoint].address, nullptr);
}

// Only a STUN check with the credentials of a session makes an address known.
void Worker::handle_unknown(ByteView datagram, const transport::SocketAddress& remote,
                            uint32_t endpoint) {
  if (transport::classify(datagram) != transport::PacketKind::Stun) {
    counters_.unknown++;
    return;
  }
  const std::shared_ptr<PeerSession> session = pool_.find_session(datagram);
  if (!session) {
    counters_.unknown++;
    return;
  }
  Worker* owner = session->bind(*this, datagram);
  if (!owner) {
    counters_.unknown++;
    return;
  }
  const AddressPair pair{remote, endpoint};
  if (owner == this) {
    deliver(*session, datagram, remote, udp_[endpoint].address, nullptr);
    return;
  }
  counters_.handed_over++;
  remember(pair, {session, owner});
  owner->post_packets(
      [owner, session, copy = Bytes(datagram.begin(), datagram.end()), remote,
       local = udp_[endpoint].address] { owner->handle_foreign(session, copy, remote, local); });
}

void Worker::handle_foreign(const std::shared_ptr<PeerSession>& session, ByteView datagram,
                            const transport::SocketAddress& remote,
                            const transport::SocketAddress& local) {
  deliver(*session, datagram, remote, local, nullptr);
}

void Worker::deliver(PeerSession& session, ByteView datagram,
                     const transport::SocketAddress& remote, const transport::SocketAddress& local,
                     TcpConnection* tcp) {
  session.handle_datagram(datagram, remote, local, tcp, now_);
  touch(session);
}

void Worker::remember(const AddressPair& pair, Owner owner) {
  last_owner_ = nullptr;
  if (addresses_.size() >= kMaxAddresses) {
    // The next check brings back what another worker needs.
    std::erase_if(addresses_, [](const auto& entry) { return entry.second.foreign != nullptr; });
  }
  if (addresses_.size() >= kMaxAddresses && !addresses_.contains(pair)) {
    counters_.unknown++;
    return;
  }
  addresses_[pair] = std::move(owner);
}

void Worker::learn(const transport::SocketAddress& remote, const transport::SocketAddress& local,
                   std::shared_ptr<PeerSession> session) {
  for (uint32_t i = 0; i < udp_.size(); ++i) {
    if (udp_[i].address == local) {
      remember({remote, i}, {std::move(session), nullptr});
      return;
    }
  }
}

void Worker::unlearn(const transport::SocketAddress& remote,
                     const transport::SocketAddress& local) {
  last_owner_ = nullptr;
  for (uint32_t i = 0; i < udp_.size(); ++i) {
    if (udp_[i].address == local) addresses_.erase({remote, i});
  }
}

void Worker::forget(PeerSession& session) {
  last_owner_ = nullptr;
  std::erase_if(addresses_,
                [&](const auto& entry) { return entry.second.session.get() == &session; });
  std::vector<int> closing;
  for (const auto& [fd, peer] : tcp_peers_) {
    if (peer.session.get() == &session) closing.push_back(fd);
  }
  for (int fd : closing) drop_tcp(fd);
}

Route Worker::route_to(const transport::SocketAddress& remote,
                       const transport::SocketAddress& local) const {
  for (const Endpoint& endpoint : udp_) {
    if (!(endpoint.address == local)) continue;
    Route route;
    route.fd = endpoint.fd;
    sockaddr_storage storage{};
    route.address_size = remote.to_sockaddr(storage);
    std::memcpy(&route.address, &storage, route.address_size);
    return route;
  }
  return {};
}

// --- ICE/TCP ---

void Worker::accept_tcp(uint32_t endpoint) {
  for (int i = 0; i < 64; ++i) {
    sockaddr_in6 address{};
    socklen_t size = sizeof address;
    const int fd = accept4(tcp_[endpoint].fd, reinterpret_cast<sockaddr*>(&address), &size,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const auto remote =
        transport::SocketAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&address), size);
    if (remote.empty() || tcp_peers_.size() >= kMaxTcpConnections) {
      close(fd);
      continue;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    adopt_tcp({std::make_unique<TcpConnection>(fd), remote, tcp_[endpoint].address});
  }
}

void Worker::adopt_tcp(TcpPeer adopted) {
  const int fd = adopted.connection->fd();
  adopted.connection->set_flush_list(&tcp_unflushed_);
  adopted.accepted = now_;
  epoll_event event{EPOLLIN, {.u64 = tag(Source::TcpConnection, static_cast<uint32_t>(fd))}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  const std::vector<Bytes> frames = std::exchange(adopted.held, {});
  TcpPeer& peer = tcp_peers_[fd] = std::move(adopted);
  if (!tcp_reaper_.scheduled()) timers_.schedule(tcp_reaper_, now_ + kTcpReapInterval);
  for (const Bytes& frame : frames) handle_tcp_frame(peer, frame);
}

void Worker::read_tcp(int fd) {
  const auto found = tcp_peers_.find(fd);
  if (found == tcp_peers_.end()) return;
  TcpPeer& peer = found->second;
  if (!peer.session) {
    const Greeting greeting = peer.connection->greeting();
    if (pool_.takes(greeting)) return give_away_tcp(fd, greeting);
  }
  const bool open = peer.connection->read([&](ByteView frame) {
    counters_.received++;
    handle_tcp_frame(peer, frame);
  });
  if (!open) {
    drop_tcp(fd);
  } else if (peer.moving_to) {
    move_tcp(fd);
  } else if (peer.connection->wants_write()) {
    peer.connection->queue_flush();
  }
}

void Worker::handle_tcp_frame(TcpPeer& peer, ByteView frame) {
  if (!peer.session && !peer.moving_to) {
    std::shared_ptr<PeerSession> session;
    if (transport::classify(frame) == transport::PacketKind::Stun) {
      session = pool_.find_session(frame);
    }
    Worker* owner = session ? session->bind(*this, frame) : nullptr;
    if (!owner) {
      counters_.unknown++;
      return;
    }
    if (owner == this) {
      peer.session = std::move(session);
    } else {
      peer.moving_to = owner;
    }
  }
  if (peer.moving_to) {
    peer.held.emplace_back(frame.begin(), frame.end());
    return;
  }
  deliver(*peer.session, frame, peer.remote, peer.local, peer.connection.get());
}

// The session lives on another worker: the connection goes there, with what was read of it.
void Worker::move_tcp(int fd) {
  counters_.handed_over++;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  const auto found = tcp_peers_.find(fd);
  auto peer = std::make_shared<TcpPeer>(std::move(found->second));
  tcp_peers_.erase(found);
  Worker* owner = std::exchange(peer->moving_to, nullptr);
  owner->post([owner, peer] { owner->adopt_tcp(std::move(*peer)); });
}

// Somebody wants something else of the port of ICE/TCP.
void Worker::give_away_tcp(int fd, Greeting greeting) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  const auto found = tcp_peers_.find(fd);
  found->second.connection->release();
  tcp_peers_.erase(found);
  pool_.give_away(fd, greeting);
}

void Worker::watch_tcp(int fd, bool writable) {
  epoll_event event{writable ? EPOLLIN | EPOLLOUT : static_cast<uint32_t>(EPOLLIN),
                    {.u64 = tag(Source::TcpConnection, static_cast<uint32_t>(fd))}};
  epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void Worker::drop_tcp(int fd) {
  const auto found = tcp_peers_.find(fd);
  if (found == tcp_peers_.end()) return;
  if (found->second.session) {
    found->second.session->handle_tcp_closed(found->second.connection.get());
  }
  tcp_peers_.erase(found);
}

void Worker::close_silent_tcp(Timestamp now) {
  std::vector<int> silent;
  for (const auto& [fd, peer] : tcp_peers_) {
    if (!peer.session && now - peer.accepted > kTcpFirstCheckLimit) silent.push_back(fd);
  }
  for (int fd : silent) drop_tcp(fd);
}

void Worker::TcpReaper::on_timer(Timestamp now) {
  worker_.close_silent_tcp(now);
  if (!worker_.tcp_peers_.empty()) worker_.timers_.schedule(*this, now + kTcpReapInterval);
}

}  // namespace gstlk::sfu
