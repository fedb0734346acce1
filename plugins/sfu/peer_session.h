// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "plugins/sfu/data_channels.h"
#include "plugins/sfu/media_section.h"
#include "plugins/sfu/peer_paths.h"
#include "plugins/sfu/peer_receiver.h"
#include "plugins/sfu/peer_sender.h"
#include "plugins/sfu/peer_session_listener.h"
#include "plugins/sfu/peer_stats.h"
#include "plugins/sfu/receive_limits.h"
#include "plugins/sfu/timer_queue.h"
#include "rtp/dispatch_rtcp.h"
#include "transport/transport.h"

namespace gstlk::sfu {

class TcpConnection;
class TransportPort;
class Worker;
class WorkerPool;

// One peer connection where its packets are: ICE, DTLS, SRTP, SCTP and RTCP towards one peer,
// between the worker's sockets and the pads of an sfu-transport. It binds to a worker, sorts what
// comes to its halves (PeerReceiver, PeerSender, DataChannels), and gives them a turn.
//
// It belongs to no worker until the first valid check arrives; the worker that got it binds the
// session and is its only thread from then on. Until then, whoever configures it runs run()'s tasks
// itself, under the binding lock.
class PeerSession final : public std::enable_shared_from_this<PeerSession>, private Timer {
 public:
  static std::shared_ptr<PeerSession> create(WorkerPool& pool,
                                             std::weak_ptr<PeerSessionListener> listener);
  ~PeerSession();

  // --- any thread ---

  transport::IceCredentials local_ice() const EXCLUDES(bind_mutex_);
  const std::string& fingerprint() const { return fingerprint_; }
  void restart_ice() EXCLUDES(bind_mutex_);
  void set_remote_ice(transport::IceCredentials remote);
  void set_remote_fingerprint(const std::string& fingerprint);
  void set_dtls_role(transport::DtlsRole role);
  // The whole description. `pads` are the source pads of the encodings it receives.
  using EncodingPad = PeerReceiver::EncodingPad;
  void set_media(std::vector<MediaSection> sections, std::vector<EncodingPad> pads);
  void open_data_channel(transport::DataChannelConfig config);
  // Queued for the worker; `message` is copied. False when too much waits already.
  bool send_data(const std::string& label, ByteView message);
  // Bytes of messages for the channel that wait to be sent.
  size_t data_buffered(const std::string& label) const { return data_.buffered(label); }
  // It has been linked: what is behind it is told its caps, once there is a connection.
  void announce(GstPad* pad);
  void request_keyframe(GstPad* pad);
  // One has begun to come from it.
  void on_keyframe(GstPad* pad);
  using ReceiveLimits = sfu::ReceiveLimits;
  void set_limits(ReceiveLimits limits);
  // Buffers are stamped with the time since `base_time` (ns of the system clock).
  void set_base_time(GstClockTime base_time) { receiver_.set_base_time(base_time); }
  void add_port(std::shared_ptr<TransportPort> port);
  void remove_port(std::shared_ptr<TransportPort> port);
  // Nothing is received, sent or told afterwards. Releases the pads on the worker.
  void close();
  PeerStats stats() const EXCLUDES(stats_mutex_);

  // The worker whose thread may handle `check`, this session's now if it was nobody's; null when
  // the check was not made with its password.
  Worker* bind(Worker& candidate, ByteView check) EXCLUDES(bind_mutex_);

  // Runs on the session's thread: now if there is none yet, else posted, or now when this is it.
  void run(std::function<void(PeerSession&)> task) EXCLUDES(bind_mutex_);

  // Whether a STUN message is meant for this session.
  bool expects_check(ByteView datagram) const EXCLUDES(bind_mutex_);

  // --- the session's worker ---

  void handle_datagram(ByteView datagram, const transport::SocketAddress& remote,
                       const transport::SocketAddress& local, TcpConnection* tcp, Timestamp now);
  void handle_tcp_closed(TcpConnection* connection);
  // True the first time in a turn.
  bool mark_touched() { return !std::exchange(touched_, true); }
  void finish_turn(Timestamp now);
  Worker* worker() const { return worker_.load(std::memory_order_acquire); }

  // now() of the worker on its thread, else the clock's.
  Timestamp worker_time() const;

  PeerSender& sender() { return sender_; }

 private:
  friend struct SctpWake;

  PeerSession(WorkerPool& pool, std::weak_ptr<PeerSessionListener> listener);
  transport::Transport::Config transport_config(WorkerPool& pool);

  void on_timer(Timestamp now) override;
  void handle_rtcp(ByteView datagram, Timestamp now);
  void poll_rtcp(Timestamp now);
  void send_bitrate_limit();
  void poll_transport();
  void handle_event(transport::TransportEvent event);
  void set_state(PeerState state);
  void update_route();
  void send_datagram(const transport::AddressPair& path, ByteView bytes);
  void reschedule(Timestamp now);
  void publish_stats(Timestamp now) EXCLUDES(stats_mutex_);
  void release();

  WorkerPool& pool_;
  const std::weak_ptr<PeerSessionListener> listener_;

  mutable Mutex bind_mutex_;
  std::atomic<Worker*> worker_{nullptr};
  transport::IceCredentials local_ice_ GUARDED_BY(bind_mutex_);
  std::optional<transport::IceCredentials> previous_ice_ GUARDED_BY(bind_mutex_);
  std::atomic<bool> sctp_wake_{false};

  // The session's thread from here.
  transport::Transport transport_;
  const std::string fingerprint_;  // any thread
  PeerReceiver receiver_;
  PeerSender sender_;
  DataChannels data_;
  PeerPaths paths_;
  rtp::RtcpResults rtcp_results_;
  PeerState state_ = PeerState::New;
  bool touched_ = false;
  bool closed_ = false;
  Bytes scratch_;
  uint64_t malformed_rtcp_ = 0;
  Timestamp next_stats_{};

  mutable Mutex stats_mutex_;
  PeerStats stats_ GUARDED_BY(stats_mutex_);
};

}  // namespace gstlk::sfu
