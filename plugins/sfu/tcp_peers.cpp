// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/tcp_peers.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "plugins/sfu/epoll.h"
#include "plugins/sfu/peer_session.h"
#include "plugins/sfu/worker.h"
#include "plugins/sfu/worker_pool.h"
#include "transport/demux.h"

namespace gstlk::sfu {
namespace {

// A connection that sends no valid check within this time is closed.
constexpr Duration kFirstCheckLimit = 10s;
constexpr Duration kReapInterval = 1s;
// What the kernel holds and has not sent; the rest waits here, where it is bounded: a slow link
// would else be seconds behind, its connectivity checks with it.
constexpr int kMaxUnsent = 64 * 1024;
// Before it has a session a frame is a check, and none is as long.
constexpr size_t kMaxFirstFrame = 2048;

}  // namespace

void TcpPeers::accept(int listener, const transport::SocketAddress& local) {
  for (int i = 0; i < 64; ++i) {
    sockaddr_in6 address{};
    socklen_t size = sizeof address;
    const int fd = accept4(listener, reinterpret_cast<sockaddr*>(&address), &size,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) rest_from_accepting();
      return;
    }
    const auto remote =
        transport::SocketAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&address), size);
    if (remote.empty() || peers_.size() >= kMaxConnections) {
      close(fd);
      continue;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kMaxUnsent, sizeof kMaxUnsent);
    adopt({std::make_unique<TcpConnection>(fd), remote, local});
  }
}

// No descriptor is left, and epoll would say again and again that somebody is there.
void TcpPeers::rest_from_accepting() {
  if (!std::exchange(resting_, true)) worker_.set_accepting(false);
  if (!scheduled()) worker_.timers().schedule(*this, worker_.now() + kReapInterval);
}

void TcpPeers::adopt(Peer adopted) {
  const int fd = adopted.connection->fd();
  adopted.connection->set_flush_list(&unflushed_);
  adopted.accepted = worker_.now();
  epoll_.add(fd, Epoll::Kind::TcpConnection, static_cast<uint32_t>(fd));
  const std::vector<Bytes> frames = std::exchange(adopted.held, {});
  Peer& peer = peers_[fd] = std::move(adopted);
  if (!scheduled()) worker_.timers().schedule(*this, worker_.now() + kReapInterval);
  for (const Bytes& frame : frames) handle_frame(peer, frame);
  if (peer.session) return;
  silent_.emplace_back(fd, worker_.now());
  close_silent(worker_.now());
}

void TcpPeers::read(int fd) {
  const auto found = peers_.find(fd);
  if (found == peers_.end()) return;
  Peer& peer = found->second;
  if (!peer.session) {
    const Greeting greeting = peer.connection->greeting();
    if (pool_.takes(greeting)) return give_away(fd, greeting);
  }
  const bool open = peer.connection->read([&](ByteView frame) {
    worker_.count_received(1, frame.size());
    handle_frame(peer, frame);
  });
  const bool known = peer.session || peer.moving_to;
  if (!open || (!known && peer.connection->begun() > kMaxFirstFrame)) {
    drop(fd);
  } else if (peer.moving_to) {
    move(fd);
  } else if (peer.connection->wants_write()) {
    peer.connection->queue_flush();
  }
}

void TcpPeers::handle_frame(Peer& peer, ByteView frame) {
  if (!peer.session && !peer.moving_to) {
    std::shared_ptr<PeerSession> session;
    if (transport::classify(frame) == transport::PacketKind::Stun) {
      session = pool_.find_session(frame);
    }
    Worker* owner = session ? session->bind(worker_, frame) : nullptr;
    if (!owner) {
      counters_.unknown++;
      return;
    }
    if (owner == &worker_) {
      peer.session = std::move(session);
    } else {
      peer.moving_to = owner;
    }
  }
  if (peer.moving_to) {
    peer.held.emplace_back(frame.begin(), frame.end());
    return;
  }
  worker_.deliver(*peer.session, frame, peer.remote, peer.local, peer.connection.get());
}

// The session lives on another worker: the connection goes there, with what was read of it.
void TcpPeers::move(int fd) {
  counters_.handed_over++;
  epoll_.remove(fd);
  const auto found = peers_.find(fd);
  auto peer = std::make_shared<Peer>(std::move(found->second));
  peers_.erase(found);
  Worker* owner = std::exchange(peer->moving_to, nullptr);
  owner->post([owner, peer] { owner->tcp_peers().adopt(std::move(*peer)); });
}

// Somebody wants something else of the port of ICE/TCP.
void TcpPeers::give_away(int fd, Greeting greeting) {
  epoll_.remove(fd);
  const auto found = peers_.find(fd);
  found->second.connection->release();
  peers_.erase(found);
  pool_.give_away(fd, greeting);
}

void TcpPeers::drop(int fd) {
  const auto found = peers_.find(fd);
  if (found == peers_.end()) return;
  if (found->second.session) {
    found->second.session->handle_tcp_closed(found->second.connection.get());
  }
  peers_.erase(found);
}

void TcpPeers::flush() {
  for (size_t i = 0; i < unflushed_.size(); ++i) {
    TcpConnection* connection = unflushed_[i];
    if (!connection) continue;  // closed since
    const int fd = connection->fd();
    if (connection->flush()) {
      epoll_.set_writable(fd, Epoll::Kind::TcpConnection, static_cast<uint32_t>(fd),
                          connection->wants_write());
    } else {
      drop(fd);
    }
  }
  unflushed_.clear();
}

void TcpPeers::forget(const PeerSession& session) {
  std::vector<int> closing;
  for (const auto& [fd, peer] : peers_) {
    if (peer.session.get() == &session) closing.push_back(fd);
  }
  for (int fd : closing) drop(fd);
}

void TcpPeers::close_silent(Timestamp now) {
  while (!silent_.empty()) {
    const auto [fd, accepted] = silent_.front();
    if (now - accepted <= kFirstCheckLimit && silent_.size() <= kMaxSilent) return;
    silent_.pop_front();
    const auto found = peers_.find(fd);
    // It may have a session since, or be another with the same descriptor.
    if (found != peers_.end() && !found->second.session && found->second.accepted == accepted)
      drop(fd);
  }
}

void TcpPeers::on_timer(Timestamp now) {
  close_silent(now);
  if (std::exchange(resting_, false)) worker_.set_accepting(true);
  if (!peers_.empty()) worker_.timers().schedule(*this, now + kReapInterval);
}

}  // namespace gstlk::sfu
