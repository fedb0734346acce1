// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/worker.h"

#include <pthread.h>
#include <unistd.h>

#include <cstring>
#include <ctime>
#include <string>

#include "plugins/sfu/peer_session.h"
#include "plugins/sfu/worker_pool.h"
#include "transport/demux.h"

namespace gstlk::sfu {

thread_local Worker* Worker::current_ = nullptr;

Worker::Worker(unsigned index, WorkerPool& pool, std::vector<Endpoint> udp,
               std::vector<Endpoint> tcp)
    : index_(index), pool_(pool), udp_(std::move(udp)), tcp_(std::move(tcp)) {
  epoll_.add(mailbox_.fd(), Epoll::Kind::Mailbox, 0);
  for (uint32_t i = 0; i < udp_.size(); ++i) epoll_.add(udp_[i].fd, Epoll::Kind::Udp, i);
  for (uint32_t i = 0; i < tcp_.size(); ++i) epoll_.add(tcp_[i].fd, Epoll::Kind::TcpListener, i);
  thread_ = std::thread([this] { run(); });
}

void Worker::stop() {
  stopping_ = true;
  mailbox_.interrupt();
  if (thread_.joinable()) thread_.join();
}

Worker::~Worker() {
  stop();
  for (const Endpoint& endpoint : udp_) close(endpoint.fd);
  for (const Endpoint& endpoint : tcp_) close(endpoint.fd);
}

Timestamp Worker::read_clock() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return Timestamp(Duration(time.tv_sec * 1'000'000 + time.tv_nsec / 1000));
}

// --- the turn ---

void Worker::run() {
  pthread_setname_np(pthread_self(), ("sfu-worker-" + std::to_string(index_)).c_str());
  current_ = this;
  now_ = read_clock();
  while (!stopping_) {
    const int timeout = wait_milliseconds();
    const int count = epoll_.wait(mailbox_.prepare_sleep() ? 0 : timeout);
    mailbox_.end_sleep();
    now_ = read_clock();
    for (int i = 0; i < count; ++i) handle_ready(epoll_.ready(i));
    mailbox_.run();
    counters_.overrun = mailbox_.overrun();
    timers_.run(now_);
    finish_turn();
  }
  // What was posted before the end, the release of sessions above all, still runs.
  mailbox_.run();
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

void Worker::handle_ready(Epoll::Ready ready) {
  switch (ready.kind) {
    case Epoll::Kind::Mailbox:
      mailbox_.clear();
      break;
    case Epoll::Kind::Udp:
      read_udp(ready.number);
      break;
    case Epoll::Kind::TcpListener:
      tcp_peers_.accept(tcp_[ready.number].fd, tcp_[ready.number].address);
      break;
    case Epoll::Kind::TcpConnection:
      tcp_peers_.read(static_cast<int>(ready.number));
      break;
  }
}

void Worker::set_accepting(bool accepting) {
  for (uint32_t i = 0; i < tcp_.size(); ++i)
    epoll_.set_readable(tcp_[i].fd, Epoll::Kind::TcpListener, i, accepting);
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
  tcp_peers_.flush();
  const SendCounters& sent = send_batch_.counters();
  traffic_.packets_sent.set(sent.packets);
  traffic_.bytes_sent.set(sent.bytes);
  if (traffic_.latency.is_waiting()) traffic_.latency.on_sent(read_clock());
}

// --- UDP ---

void Worker::read_udp(uint32_t endpoint) {
  size_t packets = 0;
  size_t bytes = 0;
  receive_batch_.read(udp_[endpoint].fd,
                      [&](ByteView datagram, const transport::SocketAddress& remote) {
                        ++packets;
                        bytes += datagram.size();
                        handle_datagram(datagram, remote, endpoint);
                      });
  count_received(packets, bytes);
}

void Worker::handle_datagram(ByteView datagram, const transport::SocketAddress& remote,
                             uint32_t endpoint) {
  const AddressTable::Owner* owner = addresses_.find(remote, endpoint);
  if (!owner || (transport::classify(datagram) == transport::PacketKind::Stun &&
                 !(owner->session && owner->session->expects_check(datagram)))) {
    // New, or an address that another client uses now, or a session of another worker.
    handle_unknown(datagram, remote, endpoint);
  } else if (owner->foreign) {
    hand_over(*owner->foreign, owner->session, datagram, remote, endpoint);
  } else {
    deliver(*owner->session, datagram, remote, udp_[endpoint].address, nullptr);
  }
}

// Only a STUN check with the credentials of a session makes an address known.
void Worker::handle_unknown(ByteView datagram, const transport::SocketAddress& remote,
                            uint32_t endpoint) {
  std::shared_ptr<PeerSession> session;
  if (transport::classify(datagram) == transport::PacketKind::Stun)
    session = pool_.find_session(datagram);
  Worker* owner = session ? session->bind(*this, datagram) : nullptr;
  if (!owner) {
    counters_.unknown++;
  } else if (owner == this) {
    deliver(*session, datagram, remote, udp_[endpoint].address, nullptr);
  } else {
    if (!addresses_.remember(remote, endpoint, {session, owner})) counters_.unknown++;
    hand_over(*owner, session, datagram, remote, endpoint);
  }
}

void Worker::hand_over(Worker& owner, const std::shared_ptr<PeerSession>& session,
                       ByteView datagram, const transport::SocketAddress& remote,
                       uint32_t endpoint) {
  counters_.handed_over++;
  owner.post_packets(
      [&owner, session, copy = Bytes(datagram.begin(), datagram.end()), remote,
       local = udp_[endpoint].address] { owner.deliver(*session, copy, remote, local, nullptr); });
}

void Worker::deliver(PeerSession& session, ByteView datagram,
                     const transport::SocketAddress& remote, const transport::SocketAddress& local,
                     TcpConnection* tcp) {
  session.handle_datagram(datagram, remote, local, tcp, now_);
  touch(session);
}

void Worker::learn(const transport::SocketAddress& remote, const transport::SocketAddress& local,
                   std::shared_ptr<PeerSession> session) {
  for (uint32_t i = 0; i < udp_.size(); ++i) {
    if (udp_[i].address == local) {
      if (!addresses_.remember(remote, i, {std::move(session), nullptr})) counters_.unknown++;
      return;
    }
  }
}

void Worker::unlearn(const transport::SocketAddress& remote, const transport::SocketAddress& local,
                     const PeerSession& session) {
  for (uint32_t i = 0; i < udp_.size(); ++i) {
    if (udp_[i].address == local) addresses_.forget(remote, i, session);
  }
}

void Worker::forget(PeerSession& session) {
  addresses_.forget(session);
  tcp_peers_.forget(session);
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

}  // namespace gstlk::sfu
