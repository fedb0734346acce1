// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "plugins/sfu/tcp_connection.h"
#include "plugins/sfu/timer_queue.h"
#include "transport/address.h"

namespace gstlk::sfu {

class Epoll;
class PeerSession;
class Worker;
class WorkerPool;
struct WorkerCounters;

// The TCP connections that one worker has accepted: ICE/TCP of its sessions, and those of which it
// is not yet known. The first valid check gives a connection to its session, and moves it to that
// one's worker; who speaks HTTP or TLS is given to the pool's guest; who says nothing valid in
// time, or before many others came, is closed. Worker thread only.
class TcpPeers final : private Timer {
 public:
  // All outlive this.
  TcpPeers(Worker& worker, WorkerPool& pool, Epoll& epoll, WorkerCounters& counters)
      : worker_(worker), pool_(pool), epoll_(epoll), counters_(counters) {}

  // Takes what waits at the listening socket, which `local` is the address of.
  void accept(int listener, const transport::SocketAddress& local);
  // `fd` is ready.
  void read(int fd);
  // Writes what was sent in this turn.
  void flush();
  // Closes the connections of a session.
  void forget(const PeerSession& session);
  void clear() { peers_.clear(); }

 private:
  struct Peer {
    std::unique_ptr<TcpConnection> connection;
    transport::SocketAddress remote;
    transport::SocketAddress local;
    std::shared_ptr<PeerSession> session;
    Timestamp accepted{};
    Worker* moving_to = nullptr;  // the worker of its session, until the connection is there
    std::vector<Bytes> held;      // frames read before it moved
  };
  static constexpr size_t kMaxConnections = 16'384;
  // Of the connections without a session those that came last may stay, or who connects and says
  // nothing would take the descriptors of all others.
  static constexpr size_t kMaxSilent = 512;

  void on_timer(Timestamp now) override;
  void rest_from_accepting();
  void adopt(Peer peer);
  void close_silent(Timestamp now);
  void handle_frame(Peer& peer, ByteView frame);
  void move(int fd);
  void give_away(int fd, Greeting greeting);
  void drop(int fd);

  Worker& worker_;
  WorkerPool& pool_;
  Epoll& epoll_;
  WorkerCounters& counters_;
  std::vector<TcpConnection*> unflushed_;  // outlives the connections, which leave it
  std::unordered_map<int, Peer> peers_;
  // Those that had no session when they came, with the time, the first one first.
  std::deque<std::pair<int, Timestamp>> silent_;
  bool resting_ = false;  // no listener is watched until the timer runs
};

}  // namespace gstlk::sfu
