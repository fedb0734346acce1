// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/token_bucket.h"
#include "plugins/sfu/data_account.h"
#include "plugins/sfu/data_credit.h"
#include "plugins/sfu/media_section.h"
#include "plugins/sfu/peer_stats.h"
#include "plugins/sfu/route.h"
#include "plugins/sfu/send_port.h"
#include "plugins/sfu/timer_queue.h"
#include "rtp/codec/red.h"
#include "rtp/dispatch_rtcp.h"
#include "rtp/playout_delay.h"
#include "rtp/receive_session.h"
#include "rtp/send_session.h"
#include "transport/transport.h"

namespace gstlk::sfu {

class TcpConnection;
class TransportPort;
class Worker;
class WorkerPool;

enum class PeerState : uint8_t { New, Connecting, Connected, Disconnected, Failed, Closed };

// What the session tells its element; on the worker's thread.
class PeerSessionListener {
 public:
  virtual ~PeerSessionListener() = default;
  virtual void on_state(PeerState state) = 0;
  virtual void on_data_channel(const std::string& label) = 0;
  // Reading stops while too much of what was told here is kept: see DataCredit.
  virtual void on_data(const std::string& label, GBytes* message) = 0;
  // data_buffered() has fallen to DataAccount::kLow.
  virtual void on_data_low(const std::string& label) = 0;
};

// One peer connection where its packets are: ICE, DTLS, SRTP, SCTP and RTCP towards one peer,
// between the worker's sockets and the pads of an sfu-transport.
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
  struct EncodingPad {
    Mid mid;
    Rid rid;
    Ref<GstPad> pad;
  };
  void set_media(std::vector<MediaSection> sections, std::vector<EncodingPad> pads);
  void open_data_channel(transport::DataChannelConfig config);
  // Queued for the worker; `message` is copied. False when too much waits already.
  bool send_data(const std::string& label, ByteView message);
  // Bytes of messages for the channel that wait to be sent.
  size_t data_buffered(const std::string& label) const { return data_account_.buffered(label); }
  void request_keyframe(GstPad* pad);
  // What the peer may send, from now on; 0 is any. It is asked to keep to the bitrate (REMB); what
  // is far above is dropped before anything else is done with it. Data is not dropped: it is read
  // as fast as that, and the peer's own buffer fills.
  struct ReceiveLimits {
    Bitrate bitrate;               // of all RTP
    uint32_t data_per_second = 0;  // bytes of messages
    bool operator==(const ReceiveLimits&) const = default;
  };
  void set_limits(ReceiveLimits limits);
  // Buffers are stamped with the time since `base_time` (ns of the system clock).
  void set_base_time(GstClockTime base_time) { base_time_ = static_cast<int64_t>(base_time); }
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

  // --- the session's worker ---

  void handle_datagram(ByteView datagram, const transport::SocketAddress& remote,
                       const transport::SocketAddress& local, TcpConnection* tcp, Timestamp now);
  void handle_tcp_closed(TcpConnection* connection);
  // Whether a STUN message is meant for this session.
  bool expects_check(ByteView datagram) const;
  // True the first time in a turn.
  bool mark_touched() { return !std::exchange(touched_, true); }
  void finish_turn(Timestamp now);
  Worker* worker() const { return worker_.load(std::memory_order_acquire); }

  // now() of the worker on its thread, else the clock's.
  Timestamp worker_time() const;

  void prefetch_next() const;
  // Sends a packet of `port`'s stream; see SendPort. RED goes out as the Opus inside it where the
  // peer did not negotiate RED.
  void send_packet(TransportPort& port, const StagedPacket& staged);
  // A whole RTP packet from an element that knows no SendPort.
  void send_rtp(TransportPort& port, ByteView packet);

 private:
  friend class TransportPort;
  friend struct SctpWake;

  struct Encoding {
    rtp::EncodingId id;
    Mid mid;
    Rid rid;
    Ref<GstPad> pad;
    std::optional<PayloadType> payload_type;  // of the caps that were pushed
    Ref<GstBufferList> pending;
    ByteGrowth growth;
  };
  struct Channel {
    transport::ChannelId id;
    std::string label;
    bool open = false;
  };

  PeerSession(WorkerPool& pool, std::weak_ptr<PeerSessionListener> listener);

  void on_timer(Timestamp now) override;
  void handle_rtp(ByteView datagram, Timestamp now);
  void handle_rtcp(ByteView datagram, Timestamp now);
  void act_on(const rtp::SendEvent& event);
  void report_playout_delays(Timestamp now);
  void push_sender_report(rtp::EncodingId encoding);
  bool update_caps(Encoding& encoding, PayloadType payload_type);
  void push_pending();
  void poll_transport();
  void poll_data();
  void handle_event(transport::TransportEvent event);
  void open_data_channels();
  void tell_bound(TransportPort& port);
  void set_state(PeerState state);
  void update_route();
  void send_datagram(const transport::AddressPair& path, ByteView bytes);
  void poll_rtcp(Timestamp now);
  void reschedule(Timestamp now);
  void publish_stats(Timestamp now) EXCLUDES(stats_mutex_);
  bool exceeds_limit(size_t size, Timestamp now);
  void send_bitrate_limit();
  void update_receiving_data(Timestamp now);
  void configure_port(TransportPort& port);
  Encoding* find(rtp::EncodingId id);
  const MediaSection* section(const Mid& mid) const;
  Channel* find_channel(const std::string& label);
  void send_unwrapped(TransportPort& port, const StagedPacket& staged);
  void send_payload(TransportPort& port, const StagedPacket& staged, rtp::Codec codec,
                    ByteView bytes);
  size_t write_header(TransportPort& port, const StagedPacket& staged, PayloadType payload_type,
                      bool rtx, uint8_t* out);
  void release();

  WorkerPool& pool_;
  const std::weak_ptr<PeerSessionListener> listener_;
  std::string fingerprint_;

  mutable Mutex bind_mutex_;
  std::atomic<Worker*> worker_{nullptr};
  transport::IceCredentials local_ice_ GUARDED_BY(bind_mutex_);
  std::optional<transport::IceCredentials> previous_ice_ GUARDED_BY(bind_mutex_);

  std::atomic<bool> sctp_wake_{false};
  DataAccount data_account_;
  std::shared_ptr<DataCredit> data_credit_;
  std::atomic<int64_t> base_time_{-1};

  // The session's thread from here.
  std::unique_ptr<transport::Transport> transport_;
  rtp::ReceiveSession receive_;
  rtp::SendSession send_;
  rtp::RtcpResults rtcp_results_;
  std::vector<MediaSection> sections_;
  std::vector<Encoding> encodings_;
  bool has_pending_ = false;
  std::vector<std::shared_ptr<TransportPort>> ports_;
  std::vector<Channel> channels_;
  std::vector<transport::DataChannelConfig> unopened_;  // until the connection is up
  std::vector<std::pair<TcpConnection*, transport::AddressPair>> tcp_paths_;
  std::vector<transport::AddressPair> known_paths_;
  Route route_;
  PeerState state_ = PeerState::New;
  bool touched_ = false;
  bool closed_ = false;
  Bytes scratch_;
  uint64_t packets_received_ = 0;
  uint64_t bytes_received_ = 0;
  uint64_t packets_sent_ = 0;
  uint64_t bytes_sent_ = 0;
  uint64_t malformed_ = 0;
  uint64_t over_limit_ = 0;
  Bitrate bitrate_limit_;
  std::optional<TokenBucket> rtp_bucket_;
  std::optional<TokenBucket> data_bucket_;
  std::optional<Timestamp> data_resumes_;  // until then nothing more is read
  bool data_credit_spent_ = false;
  bool receiving_data_ = true;
  Timestamp next_stats_{};
  Timestamp rtcp_due_{};

  mutable Mutex stats_mutex_;
  PeerStats stats_ GUARDED_BY(stats_mutex_);
};

// A sink pad of sfu-transport where its packets are: one stream that is sent to the peer.
class TransportPort final : public SendPort, public std::enable_shared_from_this<TransportPort> {
 public:
  struct Config {
    Mid mid;
    Ssrc ssrc;
    std::optional<Ssrc> rtx_ssrc;
    std::optional<rtp::PlayoutDelayLimits> playout_delay;
  };

  TransportPort(std::weak_ptr<PeerSession> session, GstPad* pad, Config config)
      : session_(std::move(session)), pad_(Ref<GstPad>::share(pad)), config_(std::move(config)) {}

  void set_listener(std::shared_ptr<Listener> listener) override;
  void prefetch_next() const override;
  std::optional<Duration> round_trip() const override;
  void stage(std::span<const StagedPacket> packets) override;

  // The pad's chain functions. Takes over `list`.
  GstFlowReturn push(GstBufferList* list);
  void set_clock_mapping(NtpTime ntp, uint32_t timestamp);

 private:
  friend class PeerSession;

  struct Payload {
    PayloadType type;
    std::optional<PayloadType> rtx;
    bool known = false;
  };

  const std::weak_ptr<PeerSession> session_;
  Ref<GstPad> pad_;  // dropped when the port is removed
  const Config config_;

  GstFlowReturn push_packets(Ref<GstBufferList> list);
  // On the session's thread: the end.
  void detach();

  // The session's thread from here.
  std::shared_ptr<Listener> port_listener_;
  // Once connected and until the port or the session is released; so while anything is staged.
  PeerSession* bound_ = nullptr;
  bool added_ = false;
  std::span<const StagedPacket> staged_;
  rtp::SendStreamId stream_;
  std::array<Payload, 11> payloads_{};  // by Codec
  uint8_t descriptor_id_ = 0;
  uint8_t capture_time_id_ = 0;
  uint8_t playout_delay_id_ = 0;  // with a playout_delay_
  std::unique_ptr<rtp::PlayoutDelay> playout_delay_;
  transport::SrtpStreamState srtp_;
  transport::SrtpStreamState rtx_srtp_;
  uint16_t rtx_sequence_ = 0;
  rtp::RedUnwrapper unwrapper_;  // for a peer without RED
  uint64_t dropped_ = 0;         // without a format, or before the connection was up
  uint64_t retransmitted_ = 0;
  ByteGrowth growth_;
};

}  // namespace gstlk::sfu
