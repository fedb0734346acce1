// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"
#include "plugins/sfu/packet_pool.h"
#include "plugins/sfu/route.h"
#include "plugins/sfu/send_batch.h"
#include "plugins/sfu/tcp_connection.h"
#include "plugins/sfu/timer_queue.h"
#include "transport/address.h"

namespace gstlk::sfu {

class PeerSession;
class WorkerPool;

struct WorkerCounters {
  uint64_t received = 0;     // datagrams
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
  void post(std::function<void()> task) EXCLUDES(mailbox_mutex_);
  // Likewise for packets, which a worker that is too far behind does not get: false, and counted
  // as overrun.
  bool post_packets(std::function<void()> task) EXCLUDES(mailbox_mutex_);
  bool is_current() const { return current_ == this; }
  // The worker whose thread this is; null on others.
  static Worker* current() { return current_; }

  // --- worker thread only from here ---

  // Time at the beginning of this turn.
  Timestamp now() const { return now_; }
  TimerQueue& timers() { return timers_; }
  SendBatch& send_batch() { return send_batch_; }
  PacketPool& packets() { return packets_; }
  const WorkerCounters& counters() const { return counters_; }

  // Datagrams from `remote` to `local` belong to `session` until forget() is called for it.
  void learn(const transport::SocketAddress& remote, const transport::SocketAddress& local,
             std::shared_ptr<PeerSession> session);
  void unlearn(const transport::SocketAddress& remote, const transport::SocketAddress& local);
  void forget(PeerSession& session);
  // `session` has something to put out at the end of this turn.
  void touch(PeerSession& session);
  Route route_to(const transport::SocketAddress& remote,
                 const transport::SocketAddress& local) const;

  // A datagram for a session of this worker that arrived on another one.
  void handle_foreign(const std::shared_ptr<PeerSession>& session, ByteView datagram,
                      const transport::SocketAddress& remote,
                      const transport::SocketAddress& local);

  // Reads the monotonic clock; the only place in the data plane that does.
  static Timestamp read_clock();

 private:
  struct AddressPair {
    transport::SocketAddress remote;
    uint32_t endpoint;  // index into udp_, or kTcp
    bool operator==(const AddressPair&) const = default;
  };
  struct AddressPairHash {
    size_t operator()(const AddressPair& pair) const {
      return std::hash<transport::SocketAddress>{}(pair.remote) * 31 + pair.endpoint;
    }
  };
  // Where packets from an address go: a session here, or another worker.
  struct Owner {
    std::shared_ptr<PeerSession> session;
    Worker* foreign = nullptr;
  };
  struct TcpPeer {
    std::unique_ptr<TcpConnection> connection;
    transport::SocketAddress remote;
    transport::SocketAddress local;
    std::shared_ptr<PeerSession> session;
    Timestamp accepted{};
    Worker* moving_to = nullptr;  // the worker of its session, until the connection is there
    std::vector<Bytes> held;      // frames read before it moved
  };
  class TcpReaper final : public Timer {
   public:
    explicit TcpReaper(Worker& worker) : worker_(worker) {}
    void on_timer(Timestamp now) override;

   private:
    Worker& worker_;
  };

  void run();
  int wait_milliseconds() const;
  void read_udp(uint32_t endpoint);
  void accept_tcp(uint32_t endpoint);
  void adopt_tcp(TcpPeer peer);
  void move_tcp(int fd);
  void read_tcp(int fd);
  void watch_tcp(int fd, bool writable);
  void drop_tcp(int fd);
  void close_silent_tcp(Timestamp now);
  void handle_datagram(ByteView datagram, const transport::SocketAddress& remote,
                       uint32_t endpoint);
  void handle_unknown(ByteView datagram, const transport::SocketAddress& remote, uint32_t endpoint);
  void handle_tcp_frame(TcpPeer& peer, ByteView frame);
  void give_away_tcp(int fd, Greeting greeting);
  void remember(const AddressPair& pair, Owner owner);
  void deliver(PeerSession& session, ByteView datagram, const transport::SocketAddress& remote,
               const transport::SocketAddress& local, TcpConnection* tcp);
  void wake();
  void run_mailbox() EXCLUDES(mailbox_mutex_);
  void finish_turn();

  static thread_local Worker* current_;
  static constexpr uint32_t kTcp = 0xffffffff;
  static constexpr size_t kMaxAddresses = 65'536;
  static constexpr size_t kMaxTcpConnections = 16'384;
  // Batches of packets: a tenth of a second's at the most that one core forwards.
  static constexpr size_t kMaxWaitingPackets = 4096;

  const unsigned index_;
  WorkerPool& pool_;
  std::vector<Endpoint> udp_;
  std::vector<Endpoint> tcp_;
  int epoll_ = -1;
  int wake_ = -1;

  Timestamp now_{};
  TimerQueue timers_;
  SendBatch send_batch_;
  PacketPool packets_;
  WorkerCounters counters_;
  TcpReaper tcp_reaper_{*this};

  std::unordered_map<AddressPair, Owner, AddressPairHash> addresses_;
  AddressPair last_pair_{};
  Owner* last_owner_ = nullptr;
  std::unordered_map<int, TcpPeer> tcp_peers_;
  std::vector<TcpConnection*> tcp_unflushed_;
  std::vector<std::shared_ptr<PeerSession>> touched_;

  struct ReceiveArea;
  std::unique_ptr<ReceiveArea> area_;

  Mutex mailbox_mutex_;
  std::vector<std::function<void()>> mailbox_ GUARDED_BY(mailbox_mutex_);
  size_t waiting_packets_ GUARDED_BY(mailbox_mutex_) = 0;
  uint64_t overrun_ GUARDED_BY(mailbox_mutex_) = 0;
  std::vector<std::function<void()>> running_;
  std::atomic<bool> sleeping_{false};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace gstlk::sfu
