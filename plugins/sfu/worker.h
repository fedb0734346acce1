// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "plugins/sfu/address_table.h"
#include "plugins/sfu/epoll.h"
#include "plugins/sfu/mailbox.h"
#include "plugins/sfu/packet_pool.h"
#include "plugins/sfu/receive_batch.h"
#include "plugins/sfu/route.h"
#include "plugins/sfu/send_batch.h"
#include "plugins/sfu/tcp_peers.h"
#include "plugins/sfu/timer_queue.h"
#include "plugins/sfu/traffic.h"
#include "transport/address.h"

namespace gstlk::sfu {

class PeerSession;
class TcpConnection;
class WorkerPool;

struct WorkerCounters {
  uint64_t unknown = 0;      // from an address that belongs to no session
  uint64_t malformed = 0;    // neither STUN, DTLS, RTP nor RTCP
  uint64_t handed_over = 0;  // belonged to a session of another worker
  uint64_t overrun = 0;      // batches from other threads that it was too slow for
};

// One thread of the data plane: a UDP socket for each listening address (SO_REUSEPORT, so the
// kernel spreads clients over the workers), the ICE/TCP listeners, a timer queue, and every
// PeerSession that lives here. A session's ICE, DTLS, SRTP, SCTP and RTCP are touched by this
// thread alone.
//
// One loop turn: read sockets -> run posted tasks -> run timers -> let every session that was
// touched put out what it has -> flush the send batch. What a session forwards goes through the
// router's pads to other sessions of this worker within the turn; another worker's are reached
// through post().
class Worker {
 public:
  struct Endpoint {
    transport::SocketAddress address;
    int fd = -1;
  };

  Worker(unsigned index, WorkerPool& pool, std::vector<Endpoint> udp, std::vector<Endpoint> tcp);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  unsigned index() const { return index_; }

  // Ends the thread after what was posted has run. What is posted later is dropped with the worker.
  void stop();

  // Runs `task` on this worker's thread, in the order of posting. Any thread.
  void post(std::function<void()> task) { mailbox_.post(std::move(task)); }
  // Likewise for packets, which a worker that is too far behind does not get: false, and counted
  // as overrun.
  bool post_packets(std::function<void()> task) { return mailbox_.post_packets(std::move(task)); }
  const TrafficCounters& traffic() const { return traffic_; }
  bool is_current() const { return current_ == this; }
  // The worker whose thread this is; null on others.
  static Worker* current() { return current_; }

  // --- worker thread only from here ---

  // Time at the beginning of this turn.
  Timestamp now() const { return now_; }
  TimerQueue& timers() { return timers_; }
  SendBatch& send_batch() { return send_batch_; }
  PacketPool& packets() { return packets_; }
  TcpPeers& tcp_peers() { return tcp_peers_; }
  // Whether connections of ICE/TCP are taken, or wait.
  void set_accepting(bool accepting);
  const WorkerCounters& counters() const { return counters_; }
  TrafficCounters& traffic() { return traffic_; }
  void count_received(size_t packets, size_t bytes) {
    traffic_.packets_received.add(packets);
    traffic_.bytes_received.add(bytes);
  }

  // Datagrams from `remote` to `local` belong to `session` until forget() is called for it.
  void learn(const transport::SocketAddress& remote, const transport::SocketAddress& local,
             std::shared_ptr<PeerSession> session);
  // Unless they are another's meanwhile.
  void unlearn(const transport::SocketAddress& remote, const transport::SocketAddress& local,
               const PeerSession& session);
  void forget(PeerSession& session);
  // `session` has something to put out at the end of this turn.
  void touch(PeerSession& session);
  Route route_to(const transport::SocketAddress& remote,
                 const transport::SocketAddress& local) const;

  // A datagram for a session of this worker, wherever it arrived; `tcp` when by ICE/TCP, here.
  void deliver(PeerSession& session, ByteView datagram, const transport::SocketAddress& remote,
               const transport::SocketAddress& local, TcpConnection* tcp);

  // Reads the monotonic clock; the only place in the data plane that does.
  static Timestamp read_clock();

 private:
  void run();
  int wait_milliseconds() const;
  void handle_ready(Epoll::Ready ready);
  void read_udp(uint32_t endpoint);
  void handle_datagram(ByteView datagram, const transport::SocketAddress& remote,
                       uint32_t endpoint);
  void handle_unknown(ByteView datagram, const transport::SocketAddress& remote, uint32_t endpoint);
  void hand_over(Worker& owner, const std::shared_ptr<PeerSession>& session, ByteView datagram,
                 const transport::SocketAddress& remote, uint32_t endpoint);
  void finish_turn();

  static thread_local Worker* current_;

  const unsigned index_;
  WorkerPool& pool_;
  std::vector<Endpoint> udp_;
  std::vector<Endpoint> tcp_;
  Mailbox mailbox_;
  Epoll epoll_;

  Timestamp now_{};
  TimerQueue timers_;
  ReceiveBatch receive_batch_;
  SendBatch send_batch_;
  PacketPool packets_;
  WorkerCounters counters_;
  TrafficCounters traffic_;
  AddressTable addresses_;
  TcpPeers tcp_peers_{*this, pool_, epoll_, counters_};
  std::vector<std::shared_ptr<PeerSession>> touched_;

  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace gstlk::sfu
