// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/mutex.h"
#include "base/random.h"
#include "base/result.h"
#include "plugins/sfu/candidates.h"
#include "plugins/sfu/tcp_connection.h"
#include "plugins/sfu/worker.h"
#include "transport/address.h"
#include "transport/dtls.h"

namespace gstlk::sfu {

class PeerSession;

// What each UDP socket asks for, in both directions: 100 ms of 300 Mbit/s while a worker is busy.
inline constexpr int kSocketBuffer = 4 * 1024 * 1024;

struct WorkerPoolConfig {
  unsigned workers = 0;  // 0: as many as cores
  // Local addresses to listen on; empty: those of all interfaces.
  std::vector<std::string> addresses;
  bool loopback = false;  // 127.0.0.1 and ::1 as well when `addresses` is empty
  bool ipv6 = true;
  bool udp = true;  // without it only tcp_port
  uint16_t udp_port = 7882;
  uint16_t udp_port_last = 0;  // a mux on each port of the range; 0: just udp_port
  uint16_t tcp_port = 7881;    // 0: none
  // See CandidateSettings.
  std::string node_ip;
  std::vector<std::string> additional_ips;
  // Takes over a connection to tcp_port on which somebody speaks HTTP, or with `takes_tls` TLS,
  // from a worker. Nothing has been read of it.
  std::function<void(int fd, Greeting greeting)> on_guest;
  bool takes_tls = false;
};

// The threads, sockets and keys that all sfu-transports of a process (or of a pipeline) share. It
// travels in a GstContext of type kContextType. Thread-safe.
class WorkerPool {
 public:
  static constexpr const char* kContextType = "gstlk.sfu.workers";

  // Fails, with words, when a port cannot be listened on.
  static Result<std::shared_ptr<WorkerPool>> create(const WorkerPoolConfig& config);
  ~WorkerPool();

  static GstContext* to_context(const std::shared_ptr<WorkerPool>& pool);  // transfer full
  static std::shared_ptr<WorkerPool> from_context(GstContext* context);

  transport::DtlsContext& dtls() { return *dtls_; }
  RandomSource random() const;
  Ssrc random_ssrc() const;
  std::string random_cname() const;
  // ICE candidates (the value of a=candidate, "candidate:" included), best first.
  std::vector<std::string> candidates() const EXCLUDES(mutex_);
  // What is listened on, as this machine knows it.
  std::vector<std::string> local_hosts() const;
  const std::vector<transport::SocketAddress>& tcp_addresses() const { return tcp_addresses_; }
  // candidates() are made of these from now on. Sockets and checks do not go by them.
  void advertise(const AdvertisedAddresses& instead) EXCLUDES(mutex_);
  size_t worker_count() const { return workers_.size(); }

  void register_ufrag(const std::string& ufrag, const std::shared_ptr<PeerSession>& session)
      EXCLUDES(mutex_);
  void unregister_ufrag(const std::string& ufrag) EXCLUDES(mutex_);
  // Whose check this is, by its USERNAME.
  std::shared_ptr<PeerSession> find_session(ByteView check) const EXCLUDES(mutex_);

  // RTP packets that were above a peer's limit, of all peers.
  void count_over_limit() { over_limit_.fetch_add(1, std::memory_order_relaxed); }
  uint64_t over_limit() const { return over_limit_.load(std::memory_order_relaxed); }

  // Of all workers; they go on while it is read.
  Traffic traffic() const;

  bool takes(Greeting greeting) const {
    return on_guest_ && (greeting == Greeting::Http || (greeting == Greeting::Tls && takes_tls_));
  }
  void give_away(int fd, Greeting greeting) const { on_guest_(fd, greeting); }

  // Workers that handed datagrams over to `owner` for `session` forget it. Once no check can find
  // it any more.
  void forget_elsewhere(const std::shared_ptr<PeerSession>& session, const Worker& owner);

 private:
  class SctpTimer;

  WorkerPool() = default;
  Result<void> open(const WorkerPoolConfig& config);

  std::unique_ptr<transport::DtlsContext> dtls_;
  std::function<void(int fd, Greeting greeting)> on_guest_;
  bool takes_tls_ = false;
  std::vector<transport::SocketAddress> udp_addresses_;
  std::vector<transport::SocketAddress> tcp_addresses_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<SctpTimer> sctp_timer_;
  std::atomic<uint64_t> over_limit_{0};

  mutable Mutex mutex_;
  CandidateSettings candidate_settings_ GUARDED_BY(mutex_);
  std::vector<std::string> candidates_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::weak_ptr<PeerSession>> sessions_ GUARDED_BY(mutex_);
};

}  // namespace gstlk::sfu
