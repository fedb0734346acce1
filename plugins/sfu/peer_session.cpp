// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/peer_session.h"

#include <gst/video/video.h>

#include <algorithm>
#include <condition_variable>

#include "base/prefetch.h"
#include "plugins/sfu/sfu_events.h"
#include "plugins/sfu/tcp_connection.h"
#include "plugins/sfu/worker.h"
#include "plugins/sfu/worker_pool.h"
#include "rtp/codec/red.h"
#include "rtp/packet.h"
#include "rtp/rtcp_writer.h"
#include "transport/demux.h"
#include "transport/stun.h"

GST_DEBUG_CATEGORY_EXTERN(gst_sfu_transport_debug);
#define GST_CAT_DEFAULT gst_sfu_transport_debug

namespace gstlk::sfu {
namespace {

constexpr Duration kStatsInterval = 1s;
constexpr size_t kMaxPaths = 16;
constexpr size_t kMaxChannels = 64;
// Below it one keyframe, or the largest message, would be too much.
constexpr uint64_t kLeastBurst = 64 * 1024;

constexpr size_t kMaxHeader = 320;
constexpr size_t kMaxDescriptor = 255 + rtp::kMaxDescriptorGrowth;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace

// What SctpStack calls from another worker's thread: asks the session's own one to look.
struct SctpWake {
  static void call(void* data) {
    auto* session = static_cast<PeerSession*>(data);
    if (session->sctp_wake_.exchange(true)) return;
    Worker* worker = session->worker();
    if (!worker) return;
    worker->post([weak = session->weak_from_this()] {
      const std::shared_ptr<PeerSession> self = weak.lock();
      if (!self) return;
      self->sctp_wake_ = false;
      if (Worker* current = Worker::current()) current->touch(*self);
    });
  }
};

std::shared_ptr<PeerSession> PeerSession::create(WorkerPool& pool,
                                                 std::weak_ptr<PeerSessionListener> listener) {
  std::shared_ptr<PeerSession> session(new PeerSession(pool, std::move(listener)));
  transport::Transport::Config config;
  config.dtls = &pool.dtls();
  config.random = pool.random();
  // Firefox sends old packets again to probe for bandwidth; LiveKit's servers accept them too. What
  // is a duplicate is dropped behind SRTP, per stream.
  config.replay = transport::SrtpReceiveSession::Replay::Accept;
  config.sctp_wakeup = {&SctpWake::call, session.get()};
  session->transport_ = std::make_unique<transport::Transport>(config);
  session->fingerprint_ = session->transport_->local_fingerprint();
  session->data_credit_ = std::make_shared<DataCredit>([weak = std::weak_ptr(session)] {
    if (const std::shared_ptr<PeerSession> self = weak.lock())
      self->run([](PeerSession& s) {
        s.data_credit_spent_ = false;
        s.update_receiving_data(s.worker_time());
      });
  });
  {
    MutexLock lock(session->bind_mutex_);
    session->local_ice_ = session->transport_->local_ice();
    pool.register_ufrag(session->local_ice_.ufrag, session);
  }
  return session;
}

PeerSession::PeerSession(WorkerPool& pool, std::weak_ptr<PeerSessionListener> listener)
    : pool_(pool),
      listener_(std::move(listener)),
      receive_(pool.random_ssrc()),
      send_(pool.random_ssrc(), pool.random_cname()) {}

PeerSession::~PeerSession() = default;

// --- any thread ---

transport::IceCredentials PeerSession::local_ice() const {
  MutexLock lock(bind_mutex_);
  return local_ice_;
}

Worker* PeerSession::bind(Worker& candidate, ByteView check) {
  {
    MutexLock lock(bind_mutex_);
    const auto message = transport::StunMessage::parse(check);
    if (!message) return nullptr;
    if (!message->verify(transport::HmacSha1(as_bytes(local_ice_.pwd))) &&
        !(previous_ice_ && message->verify(transport::HmacSha1(as_bytes(previous_ice_->pwd))))) {
      return nullptr;
    }
    if (Worker* bound = worker()) return bound;
    if (closed_) return nullptr;
    worker_.store(&candidate, std::memory_order_release);
  }
  set_state(PeerState::Connecting);
  candidate.touch(*this);
  return &candidate;
}

void PeerSession::run(std::function<void(PeerSession&)> task) {
  Worker* worker = this->worker();
  if (!worker) {
    MutexLock lock(bind_mutex_);
    worker = this->worker();
    if (!worker) {
      task(*this);
      return;
    }
  }
  if (worker->is_current()) {
    task(*this);
    worker->touch(*this);
    return;
  }
  worker->post([self = shared_from_this(), worker, task = std::move(task)] {
    task(*self);
    worker->touch(*self);
  });
}

void PeerSession::restart_ice() {
  // Rare, and the caller needs the result: it waits for the worker.
  struct Rendezvous {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<transport::IceCredentials> credentials;
  };
  auto rendezvous = std::make_shared<Rendezvous>();
  run([rendezvous](PeerSession& self) {
    self.transport_->restart_ice();
    const std::lock_guard lock(rendezvous->mutex);
    rendezvous->credentials = self.transport_->local_ice();
    rendezvous->done.notify_all();
  });
  {
    std::unique_lock lock(rendezvous->mutex);
    rendezvous->done.wait(lock, [&] { return rendezvous->credentials.has_value(); });
  }
  MutexLock lock(bind_mutex_);
  if (previous_ice_) pool_.unregister_ufrag(previous_ice_->ufrag);
  previous_ice_ = std::exchange(local_ice_, *rendezvous->credentials);
  pool_.register_ufrag(local_ice_.ufrag, shared_from_this());
}

void PeerSession::set_remote_ice(transport::IceCredentials remote) {
  run([remote = std::move(remote)](PeerSession& self) { self.transport_->set_remote_ice(remote); });
}

void PeerSession::set_remote_fingerprint(const std::string& fingerprint) {
  run([fingerprint](PeerSession& self) {
    if (!self.transport_->set_remote_fingerprint(fingerprint)) {
      GST_WARNING("not a fingerprint: %s", fingerprint.c_str());
    }
  });
}

void PeerSession::set_dtls_role(transport::DtlsRole role) {
  run([role](PeerSession& self) { self.transport_->set_dtls_role(role); });
}

void PeerSession::set_media(std::vector<MediaSection> sections, std::vector<EncodingPad> pads) {
  run([sections = std::move(sections), pads = std::move(pads)](PeerSession& self) {
    if (self.closed_) return;
    self.push_pending();
    self.sections_ = sections;
    std::vector<rtp::ReceiveMedia> media;
    for (const MediaSection& section : sections) {
      if (section.application) {
        self.transport_->enable_data_channels(transport::SctpSession::kDefaultPort,
                                              section.sctp_port);
      } else if (section.receive) {
        media.push_back(section.to_receive_media());
      }
    }
    self.receive_.set_media(std::move(media));
    std::vector<Encoding> encodings;
    for (const rtp::ReceiveEncoding& received : self.receive_.encodings()) {
      const auto pad = std::ranges::find_if(pads, [&](const EncodingPad& candidate) {
        return candidate.mid == received.mid && candidate.rid == received.rid;
      });
      if (pad == pads.end()) continue;
      Encoding encoding{received.id, received.mid, received.rid, pad->pad, {}, {}, {}};
      if (const Encoding* old = self.find(received.id)) {
        encoding.payload_type = old->payload_type;
        encoding.growth = old->growth;
      }
      encodings.push_back(std::move(encoding));
    }
    self.encodings_ = std::move(encodings);
    for (const auto& port : self.ports_) self.configure_port(*port);
  });
}

void PeerSession::open_data_channel(transport::DataChannelConfig config) {
  run([config = std::move(config)](PeerSession& self) {
    if (self.channels_.size() + self.unopened_.size() >= kMaxChannels) return;
    self.unopened_.push_back(config);
    if (self.transport_->connected()) self.open_data_channels();
  });
}

// Which streams are ours follows from the DTLS role: not before the connection is up.
void PeerSession::open_data_channels() {
  if (unopened_.empty()) return;
  transport_->enable_data_channels();
  for (const transport::DataChannelConfig& config : std::exchange(unopened_, {})) {
    if (const auto id = transport_->open_channel(config)) {
      channels_.push_back({*id, config.label, false});
    }
  }
}

bool PeerSession::send_data(const std::string& label, ByteView message) {
  if (!data_account_.post(label, message.size())) return false;
  run([label, copy = Bytes(message.begin(), message.end())](PeerSession& self) {
    const Channel* channel = self.find_channel(label);
    if (!channel || !self.transport_->send_data(channel->id, copy, true)) {
      GST_DEBUG("message of %zu bytes dropped: channel %s is %s", copy.size(), label.c_str(),
                channel ? "full" : "not open");
    }
    self.data_account_.arrive(label, copy.size(),
                              channel ? self.transport_->waiting_data(channel->id) : 0);
  });
  return true;
}

void PeerSession::request_keyframe(GstPad* pad) {
  run([pad](PeerSession& self) {
    // The pad is only compared: it may be gone.
    for (const Encoding& encoding : self.encodings_) {
      if (encoding.pad.get() == pad)
        self.receive_.request_keyframe(encoding.id, self.worker_time());
    }
  });
}

void PeerSession::set_limits(ReceiveLimits limits) {
  run([limits](PeerSession& self) {
    self.bitrate_limit_ = limits.bitrate;
    self.rtp_bucket_.reset();
    self.data_bucket_.reset();
    // Bitrate estimates swing, and headers and retransmissions come on top: a quarter more is no
    // offence, nor is a keyframe.
    if (const uint64_t bytes = limits.bitrate.bps / 8 * 5 / 4)
      self.rtp_bucket_.emplace(bytes, std::max<uint64_t>(bytes, kLeastBurst));
    if (const uint64_t bytes = limits.data_per_second)
      self.data_bucket_.emplace(bytes, std::max<uint64_t>(bytes, kLeastBurst));
  });
}

void PeerSession::add_port(std::shared_ptr<TransportPort> port) {
  run([port = std::move(port)](PeerSession& self) {
    if (self.closed_) return;
    self.ports_.push_back(port);
    self.configure_port(*port);
    if (self.transport_->connected()) self.tell_bound(*port);
  });
}

void PeerSession::remove_port(std::shared_ptr<TransportPort> port) {
  run([port = std::move(port)](PeerSession& self) {
    if (port->added_) self.send_.remove_stream(port->stream_);
    port->added_ = false;
    port->detach();
    std::erase(self.ports_, port);
  });
}

void PeerSession::close() {
  {
    MutexLock lock(bind_mutex_);
    pool_.unregister_ufrag(local_ice_.ufrag);
    if (previous_ice_) pool_.unregister_ufrag(previous_ice_->ufrag);
  }
  run([](PeerSession& self) { self.release(); });
}

PeerStats PeerSession::stats() const {
  MutexLock lock(stats_mutex_);
  return stats_;
}

// --- the session's worker ---

Timestamp PeerSession::worker_time() const {
  const Worker* worker = this->worker();
  return worker && worker->is_current() ? worker->now() : Worker::read_clock();
}

void PeerSession::release() {
  if (closed_) return;
  closed_ = true;
  for (Encoding& encoding : encodings_) encoding.pending.reset();
  encodings_.clear();
  has_pending_ = false;
  for (const auto& port : ports_) port->detach();
  ports_.clear();
  // Whoever closes knows; telling it under the binding lock could come back here.
  state_ = PeerState::Closed;
  if (Worker* worker = this->worker()) {
    worker->timers().cancel(*this);
    worker->forget(*this);
    pool_.forget_elsewhere(shared_from_this(), *worker);
  }
  route_ = {};
}

bool PeerSession::expects_check(ByteView datagram) const {
  const std::string_view ufrag = transport::stun_local_ufrag(datagram);
  // Responses and indications carry no name; they are for whoever owns the address.
  if (ufrag.empty() || ufrag == transport_->local_ice().ufrag) return true;
  const transport::IceCredentials* previous = transport_->previous_local_ice();
  return previous && ufrag == previous->ufrag;
}

void PeerSession::handle_datagram(ByteView datagram, const transport::SocketAddress& remote,
                                  const transport::SocketAddress& local, TcpConnection* tcp,
                                  Timestamp now) {
  if (closed_) return;
  const transport::PacketKind kind = transport::classify(datagram);
  if (kind == transport::PacketKind::Rtp) {
    handle_rtp(datagram, now);
    return;
  }
  if (kind == transport::PacketKind::Rtcp) {
    handle_rtcp(datagram, now);
    return;
  }
  const transport::AddressPair path{remote, local,
                                    tcp ? transport::Protocol::Tcp : transport::Protocol::Udp};
  if (kind == transport::PacketKind::Stun && tcp &&
      std::ranges::none_of(tcp_paths_, [&](const auto& entry) { return entry.first == tcp; })) {
    tcp_paths_.emplace_back(tcp, path);
  }
  const uint64_t bad_before = transport_->stats().bad_stun;
  transport_->handle_datagram(datagram, path, now);
  if (kind != transport::PacketKind::Stun || transport_->stats().bad_stun != bad_before) return;
  if (tcp || std::ranges::find(known_paths_, path) != known_paths_.end()) return;
  if (known_paths_.size() >= kMaxPaths) {
    worker()->unlearn(known_paths_.front().remote, known_paths_.front().local);
    known_paths_.erase(known_paths_.begin());
  }
  known_paths_.push_back(path);
  worker()->learn(remote, local, shared_from_this());
}

void PeerSession::handle_tcp_closed(TcpConnection* connection) {
  std::erase_if(tcp_paths_, [&](const auto& entry) { return entry.first == connection; });
  if (route_.tcp == connection) route_ = {};
}

void PeerSession::handle_rtp(ByteView datagram, Timestamp now) {
  transport::SrtpReceiveSession* srtp = transport_->srtp_receive();
  if (!srtp) return;  // before DTLS is done: nothing to open it with
  if (rtp_bucket_ && exceeds_limit(datagram.size(), now)) return;
  std::span<uint8_t> bytes;
  Ref<GstBuffer> buffer = worker()->packets().take(datagram.size(), &bytes);
  if (!buffer) {
    ++malformed_;
    return;
  }
  const auto size = srtp->unprotect_rtp(datagram, bytes);
  if (!size) {
    ++malformed_;
    return;
  }
  ++packets_received_;
  bytes_received_ += *size;
  const rtp::ReceiveResult result = receive_.handle_rtp(bytes.first(*size), now);
  const auto* deliver = std::get_if<rtp::Deliver>(&result);
  if (!deliver) return;
  Encoding* encoding = find(deliver->encoding);
  if (!encoding) return;
  const PayloadType payload_type(deliver->packet[1] & 0x7f);
  if (encoding->payload_type != payload_type && !update_caps(*encoding, payload_type)) return;
  gst_buffer_resize(buffer.get(), deliver->packet.data() - bytes.data(),
                    static_cast<gssize>(deliver->packet.size()));
  if (const int64_t base = base_time_.load(std::memory_order_relaxed); base >= 0) {
    const auto running = static_cast<GstClockTime>(now.time_since_epoch().count() * 1000 - base);
    GST_BUFFER_PTS(buffer.get()) = running;
    GST_BUFFER_DTS(buffer.get()) = running;
  }
  if (!encoding->pending)
    encoding->pending = Ref<GstBufferList>::adopt(gst_buffer_list_new_sized(8));
  gst_buffer_list_add(encoding->pending.get(), buffer.release());
  has_pending_ = true;
}

bool PeerSession::exceeds_limit(size_t size, Timestamp now) {
  if (rtp_bucket_->take(size, now)) return false;
  if (over_limit_++ == 0) {
    GST_WARNING("a peer sends more than the %" G_GUINT64_FORMAT
                " bit/s that it may and was asked for: what is above is dropped",
                bitrate_limit_.bps);
  }
  pool_.count_over_limit();
  return true;
}

// draft-alvestrand-rmcat-remb-03: clients take it for the upper end of what they estimate.
void PeerSession::send_bitrate_limit() {
  transport::SrtpSendSession* srtp = transport_->srtp_send();
  if (!rtp_bucket_ || !srtp || !route_.valid()) return;
  std::vector<Ssrc> sources;
  for (const Encoding& encoding : encodings_) {
    const auto stats = receive_.stats(encoding.id);
    if (stats && stats->ssrc) sources.push_back(*stats->ssrc);
  }
  if (sources.empty()) return;
  scratch_.clear();
  // "All RTCP packets MUST be sent in a compound" (RFC 3550 section 6.1), which begins with a
  // report.
  rtp::RtcpWriter writer(scratch_);
  const Ssrc local = receive_.local_ssrc();
  writer.receiver_report(local, {});
  writer.remb(local, bitrate_limit_, sources);
  const size_t plain = scratch_.size();
  scratch_.resize(plain + transport::SrtpSendSession::kMaxRtcpOverhead);
  const auto size = srtp->protect_rtcp(ByteView(scratch_.data(), plain), scratch_);
  if (size) std::copy_n(scratch_.begin(), *size, worker()->send_batch().reserve(route_, *size));
}

void PeerSession::update_receiving_data(Timestamp now) {
  const Duration wait = data_bucket_ ? data_bucket_->wait_for(0, now) : Duration{};
  data_resumes_.reset();
  if (wait > Duration{}) data_resumes_ = now + wait;
  const bool receiving = !data_credit_spent_ && !data_resumes_;
  if (std::exchange(receiving_data_, receiving) != receiving)
    transport_->set_receiving_data(receiving);
}

// The caps follow what is really sent, because several formats may have been negotiated.
bool PeerSession::update_caps(Encoding& encoding, PayloadType payload_type) {
  const MediaSection* media = section(encoding.mid);
  const MediaSection::Format* format = media ? media->find(payload_type) : nullptr;
  if (!format) return false;
  if (format->receive.codec == rtp::Codec::Red) {
    // RED is a wrapping: the stream is what is inside, and its packets say themselves that they
    // are.
    if (encoding.payload_type) return true;
    format = media->find(rtp::Codec::Opus);
    if (!format) return false;
  }
  if (encoding.payload_type == format->receive.payload_type) return true;
  if (encoding.pending) {
    gst_pad_push_list(encoding.pad.get(), encoding.pending.release());
  }
  const bool first = !encoding.payload_type;
  encoding.payload_type = format->receive.payload_type;
  GstCaps* caps = media->caps(encoding.rid, *format);
  gst_pad_push_event(encoding.pad.get(), gst_event_new_caps(caps));
  gst_caps_unref(caps);
  if (first) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(encoding.pad.get(), gst_event_new_segment(&segment));
  }
  return true;
}

void PeerSession::handle_rtcp(ByteView datagram, Timestamp now) {
  transport::SrtpReceiveSession* srtp = transport_->srtp_receive();
  if (!srtp) return;
  scratch_.resize(datagram.size());
  const auto size = srtp->unprotect_rtcp(datagram, scratch_);
  if (!size) {
    ++malformed_;
    return;
  }
  // act_on() may send and so use scratch_: the message gets bytes of its own.
  const Bytes compound(scratch_.begin(), scratch_.begin() + static_cast<ptrdiff_t>(*size));
  rtp::dispatch_rtcp(compound, receive_, send_, now, rtcp_results_);
  malformed_ += rtcp_results_.malformed;
  if (const auto round_trip = send_.round_trip()) receive_.set_round_trip(*round_trip);
  for (rtp::EncodingId encoding : rtcp_results_.sender_reports) push_sender_report(encoding);
  for (const rtp::SendEvent& event : rtcp_results_.send_events) act_on(event);
  report_playout_delays(now);
}

void PeerSession::report_playout_delays(Timestamp now) {
  for (const auto& port : ports_) {
    if (!port->added_ || port->playout_delay_id_ == 0) continue;
    const rtp::SendStats stats = send_.stats(port->stream_);
    // What an earlier message said is still true.
    if (stats.last_report == now) {
      port->playout_delay_->on_report(stats.highest_sequence, stats.jitter, stats.packets,
                                      stats.nacks_received, now);
    }
  }
}

void PeerSession::act_on(const rtp::SendEvent& event) {
  auto port_of = [this](rtp::SendStreamId stream) -> TransportPort* {
    for (const auto& port : ports_) {
      if (port->added_ && port->stream_ == stream) return port.get();
    }
    return nullptr;
  };
  if (const auto* nack = std::get_if<rtp::NackRequest>(&event)) {
    const TransportPort* port = port_of(nack->stream);
    if (!port) return;
    const Ref<GstPad> pad = port->pad_;
    for (uint16_t sequence : nack->sequence_numbers()) {
      gst_pad_push_event(pad.get(), new_retransmission_request(port->config_.ssrc, sequence));
    }
  } else if (const auto* keyframe = std::get_if<rtp::KeyframeRequest>(&event)) {
    const TransportPort* port = port_of(keyframe->stream);
    if (!port) return;
    const Ref<GstPad> pad = port->pad_;
    gst_pad_push_event(pad.get(),
                       gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
  }
}

void PeerSession::push_sender_report(rtp::EncodingId id) {
  const Encoding* encoding = find(id);
  const auto report = receive_.sender_report(id);
  if (!encoding || !report) return;
  gst_pad_push_event(encoding->pad.get(), new_sender_report(report->ntp, report->rtp_timestamp));
}

void PeerSession::push_pending() {
  if (!std::exchange(has_pending_, false)) return;
  // A push may reconfigure this session through an element's signal: look again by index.
  for (size_t i = 0; i < encodings_.size(); ++i) {
    if (!encodings_[i].pending) continue;
    const Ref<GstPad> pad = encodings_[i].pad;
    gst_pad_push_list(pad.get(), encodings_[i].pending.release());
  }
}

void PeerSession::finish_turn(Timestamp now) {
  touched_ = false;
  if (closed_) return;
  push_pending();
  poll_transport();
  if (closed_) return;
  if (data_account_.is_watching()) poll_data();
  poll_rtcp(now);
  if (now >= next_stats_) {
    next_stats_ = now + kStatsInterval;
    publish_stats(now);
    send_bitrate_limit();
  }
  reschedule(now);
}

void PeerSession::on_timer(Timestamp now) {
  transport_->handle_timeout(now);
  if (data_resumes_ && now >= *data_resumes_) update_receiving_data(now);
  worker()->touch(*this);
}

void PeerSession::poll_transport() {
  while (auto datagram = transport_->poll_output()) send_datagram(datagram->path, datagram->bytes);
  while (auto event = transport_->poll_event()) {
    handle_event(std::move(*event));
    if (closed_) return;
    if (data_credit_->is_spent()) {
      data_credit_spent_ = data_credit_->stop();
      update_receiving_data(worker()->now());
    }
  }
  while (auto datagram = transport_->poll_output()) send_datagram(datagram->path, datagram->bytes);
}

void PeerSession::poll_data() {
  const std::shared_ptr<PeerSessionListener> listener = listener_.lock();
  // By index: a listener may open channels.
  for (size_t i = 0; i < channels_.size(); ++i) {
    const std::string label = channels_[i].label;
    if (find_channel(label) != &channels_[i]) continue;
    if (data_account_.update(label, transport_->waiting_data(channels_[i].id)) && listener)
      listener->on_data_low(label);
  }
}

void PeerSession::handle_event(transport::TransportEvent event) {
  const std::shared_ptr<PeerSessionListener> listener = listener_.lock();
  std::visit(
      Overloaded{
          [&](const transport::TransportConnected&) {
            update_route();
            open_data_channels();
            set_state(PeerState::Connected);
            // By index: a listener may add ports.
            for (size_t i = 0; i < ports_.size(); ++i) tell_bound(*std::shared_ptr(ports_[i]));
          },
          [&](const transport::TransportDisconnected&) { set_state(PeerState::Disconnected); },
          [&](const transport::TransportReconnected&) { set_state(PeerState::Connected); },
          [&](const transport::TransportFailed&) { set_state(PeerState::Failed); },
          [&](const transport::TransportMoved&) { update_route(); },
          [&](const transport::DataChannelOpened& opened) {
            const auto known = std::ranges::find(channels_, opened.id, &Channel::id);
            if (known != channels_.end()) {
              known->open = true;
            } else if (channels_.size() < kMaxChannels) {
              channels_.push_back({opened.id, opened.config.label, true});
            }
            if (listener) listener->on_data_channel(opened.config.label);
          },
          [&](const transport::DataChannelClosed& closed) {
            const auto channel = std::ranges::find(channels_, closed.id, &Channel::id);
            if (channel == channels_.end()) return;
            const std::string label = std::move(channel->label);
            channels_.erase(channel);
            if (data_account_.update(label, 0) && listener) listener->on_data_low(label);
          },
          [&](transport::DataMessage& message) {
            const auto channel = std::ranges::find(channels_, message.id, &Channel::id);
            if (data_bucket_) {
              const Timestamp now = worker()->now();
              data_bucket_->spend(message.bytes.size(), now);
              update_receiving_data(now);
            }
            if (listener && channel != channels_.end()) {
              listener->on_data(channel->label, data_credit_->lend(std::move(message.bytes)).get());
            }
          },
      },
      event);
}

// Not before there are keys: what is forwarded earlier is lost, a keyframe with it.
void PeerSession::tell_bound(TransportPort& port) {
  if (std::exchange(port.bound_, this) || !port.port_listener_) return;
  port.port_listener_->on_port_bound(*worker());
}

void PeerSession::set_state(PeerState state) {
  if (state_ == state) return;
  state_ = state;
  if (const auto listener = listener_.lock()) listener->on_state(state);
}

void PeerSession::update_route() {
  const auto& selected = transport_->selected();
  route_ = {};
  if (!selected) return;
  if (selected->protocol == transport::Protocol::Udp) {
    route_ = worker()->route_to(selected->remote, selected->local);
    return;
  }
  for (const auto& [connection, path] : tcp_paths_) {
    if (path == *selected) route_.tcp = connection;
  }
}

void PeerSession::send_datagram(const transport::AddressPair& path, ByteView bytes) {
  if (bytes.empty() || bytes.size() > SendBatch::kMaxDatagram) return;
  Route route;
  if (path.protocol == transport::Protocol::Udp) {
    route = worker()->route_to(path.remote, path.local);
  } else {
    for (const auto& [connection, known] : tcp_paths_) {
      if (known == path) route.tcp = connection;
    }
  }
  if (!route.valid()) return;
  std::ranges::copy(bytes, worker()->send_batch().reserve(route, bytes.size()));
}

void PeerSession::poll_rtcp(Timestamp now) {
  transport::SrtpSendSession* srtp = transport_->srtp_send();
  if (!srtp || !route_.valid()) return;
  auto send = [&](auto& session) {
    scratch_.clear();
    while (session.poll_rtcp(now, scratch_)) {
      Bytes& compound = scratch_;
      const size_t plain = compound.size();
      compound.resize(plain + transport::SrtpSendSession::kMaxRtcpOverhead);
      const auto size = srtp->protect_rtcp(ByteView(compound.data(), plain), compound);
      if (size) std::copy_n(compound.begin(), *size, worker()->send_batch().reserve(route_, *size));
      scratch_.clear();
    }
  };
  const auto receive_due = receive_.next_timeout();
  if (receive_due && *receive_due <= now) send(receive_);
  const auto send_due = send_.next_timeout();
  if (send_due && *send_due <= now) send(send_);
}

void PeerSession::reschedule(Timestamp now) {
  Timestamp next = next_stats_;
  auto consider = [&](std::optional<Timestamp> candidate) {
    if (candidate) next = std::min(next, *candidate);
  };
  consider(transport_->next_timeout(now));
  consider(data_resumes_);
  if (transport_->connected()) {
    consider(receive_.next_timeout());
    consider(send_.next_timeout());
  }
  // Never at once again: a turn has just been made, and what is due cannot be sent without a route.
  worker()->timers().schedule(*this, std::max(next, now + 1ms));
}

void PeerSession::publish_stats(Timestamp now) {
  PeerStats stats;
  stats.at = now;
  stats.round_trip = send_.round_trip().value_or(0us);
  stats.path = transport_->selected();
  stats.packets_received = packets_received_;
  stats.bytes_received = bytes_received_;
  stats.packets_sent = packets_sent_;
  stats.bytes_sent = bytes_sent_;
  stats.malformed = malformed_;
  stats.over_limit = over_limit_;
  for (Encoding& encoding : encodings_) {
    if (auto received = receive_.stats(encoding.id)) {
      stats.received.push_back(
          {encoding.mid, encoding.rid, *received, encoding.growth.update(received->bytes, now)});
    }
  }
  for (const auto& port : ports_) {
    if (!port->added_) continue;
    const rtp::SendStats sent = send_.stats(port->stream_);
    stats.sent.push_back(
        {port->config_.ssrc, sent, port->retransmitted_, port->growth_.update(sent.bytes, now)});
  }
  MutexLock lock(stats_mutex_);
  stats_ = std::move(stats);
}

PeerSession::Encoding* PeerSession::find(rtp::EncodingId id) {
  for (Encoding& encoding : encodings_) {
    if (encoding.id == id) return &encoding;
  }
  return nullptr;
}

const MediaSection* PeerSession::section(const Mid& mid) const {
  for (const MediaSection& section : sections_) {
    if (section.mid == mid) return &section;
  }
  return nullptr;
}

PeerSession::Channel* PeerSession::find_channel(const std::string& label) {
  // The newest of a label: a client that restarted its side opens it again.
  for (size_t i = channels_.size(); i > 0; --i) {
    if (channels_[i - 1].label == label) return &channels_[i - 1];
  }
  return nullptr;
}

// --- sending ---

void PeerSession::configure_port(TransportPort& port) {
  const MediaSection* media = section(port.config_.mid);
  port.payloads_ = {};
  if (!media) return;
  for (const MediaSection::Format& format : media->formats) {
    TransportPort::Payload& payload = port.payloads_[static_cast<size_t>(format.receive.codec)];
    if (payload.known) continue;  // the first of a codec is the preferred one
    payload = {format.receive.payload_type, {}, true};
    const MediaSection::Format* rtx = media->find_rtx(format.receive.payload_type);
    if (rtx && port.config_.rtx_ssrc) payload.rtx = rtx->receive.payload_type;
  }
  port.descriptor_id_ = media->extensions.id_of(rtp::ExtensionType::DependencyDescriptor);
  port.capture_time_id_ = media->extensions.id_of(rtp::ExtensionType::AbsCaptureTime);
  if (port.config_.playout_delay) {
    port.playout_delay_id_ = media->extensions.id_of(rtp::ExtensionType::PlayoutDelay);
    if (port.playout_delay_id_ != 0 && !port.playout_delay_)
      port.playout_delay_ = std::make_unique<rtp::PlayoutDelay>(*port.config_.playout_delay);
  }
  if (!port.added_ && !media->formats.empty()) {
    port.stream_ = send_.add_stream(
        {port.config_.ssrc, port.config_.rtx_ssrc, media->formats.front().receive.clock_rate});
    port.added_ = true;
  }
}

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  |V=2|P|X|  CC   |M|     PT      |       sequence number         |
//  |                           timestamp                           |
//  |           synchronization source (SSRC) identifier            |
size_t PeerSession::write_header(TransportPort& port, const StagedPacket& staged,
                                 PayloadType payload_type, bool rtx, uint8_t* out) {
  const forward::Rewrite& rewrite = staged.rewrite;
  out[0] = 0x80;
  out[1] = static_cast<uint8_t>((rewrite.marker ? 0x80 : 0) | payload_type.value);
  store_u16(out + 2, rewrite.sequence);
  store_u32(out + 4, rewrite.timestamp);
  store_u32(out + 8, rtx ? port.config_.rtx_ssrc->value : port.config_.ssrc.value);
  const ByteView descriptor = staged.packet->received.descriptor_bytes;
  const ByteView capture_time = staged.packet->capture_time;
  const bool with_descriptor = port.descriptor_id_ != 0 && !descriptor.empty();
  const bool with_capture_time = port.capture_time_id_ != 0 && !capture_time.empty();
  const bool with_delay =
      port.playout_delay_id_ != 0 && !staged.retransmission && port.playout_delay_->is_due();
  if (!with_descriptor && !with_capture_time && !with_delay) return rtp::kFixedHeaderSize;

  std::array<uint8_t, kMaxDescriptor> edited;
  ByteView written = descriptor;
  if (with_descriptor && rewrite.descriptor.present) {
    written = ByteView(edited.data(),
                       rtp::write_dependency_descriptor(descriptor, rewrite.descriptor, edited));
  }
  const bool two_byte = (with_descriptor && rtp::ExtensionWriter::needs_two_byte(
                                                port.descriptor_id_, written.size())) ||
                        (with_capture_time && port.capture_time_id_ > 14) ||
                        (with_delay && port.playout_delay_id_ > 14);
  rtp::ExtensionWriter writer(
      std::span(out + rtp::kFixedHeaderSize, kMaxHeader - rtp::kFixedHeaderSize), two_byte);
  if (with_descriptor && !written.empty()) writer.add(port.descriptor_id_, written);
  if (with_capture_time) writer.add(port.capture_time_id_, capture_time);
  if (with_delay && writer.add(port.playout_delay_id_, port.playout_delay_->element()))
    port.playout_delay_->on_sent(rewrite.sequence, worker()->now());
  const size_t block = writer.finish();
  if (block != 0) out[0] |= 0x10;
  return rtp::kFixedHeaderSize + block;
}

void PeerSession::prefetch_next() const {
  prefetch(this, sizeof *this);
  if (const transport::SrtpSendSession* srtp = transport_->srtp_send()) srtp->prefetch_next();
}

void PeerSession::send_packet(TransportPort& port, const StagedPacket& staged) {
  const forward::ReceivedPacket& packet = staged.packet->received;
  const rtp::Codec codec = packet.descriptor.codec;
  if (codec == rtp::Codec::Red && !port.payloads_[static_cast<size_t>(codec)].known) {
    send_unwrapped(port, staged);
  } else if (staged.retransmission ? !port.unwrapper_.was_recovered(staged.rewrite.sequence)
                                   : port.unwrapper_.admit(staged.rewrite.sequence)) {
    send_payload(port, staged, codec, packet.payload);
  }
}

void PeerSession::send_unwrapped(TransportPort& port, const StagedPacket& staged) {
  const ByteView bytes = staged.packet->received.payload;
  const uint16_t sequence = staged.rewrite.sequence;
  if (staged.retransmission) {
    const auto red = rtp::parse_red(bytes);
    if (red && !port.unwrapper_.was_recovered(sequence))
      send_payload(port, staged, rtp::Codec::Opus, red->primary.data);
    return;
  }
  // What is restored has no header extensions: those are of the packet that it came in.
  static const SharedPacket kBare;
  const auto unwrapped = port.unwrapper_.handle(sequence, staged.rewrite.timestamp, bytes);
  for (const rtp::UnwrappedAudio& audio : unwrapped.list()) {
    StagedPacket plain = staged;
    plain.rewrite.sequence = audio.sequence;
    plain.rewrite.timestamp = audio.timestamp;
    if (audio.recovered) {
      plain.packet = &kBare;
      plain.rewrite.marker = false;
    }
    send_payload(port, plain, rtp::Codec::Opus, audio.payload);
  }
}

void PeerSession::send_payload(TransportPort& port, const StagedPacket& staged, rtp::Codec codec,
                               ByteView bytes) {
  transport::SrtpSendSession* srtp = transport_->srtp_send();
  const TransportPort::Payload& payload = port.payloads_[static_cast<size_t>(codec)];
  if (!srtp || !route_.valid() || !payload.known || !port.added_) {
    ++port.dropped_;
    return;
  }
  const bool rtx = staged.retransmission && payload.rtx.has_value();

  std::array<uint8_t, kMaxHeader> header;
  const size_t header_size =
      write_header(port, staged, rtx ? *payload.rtx : payload.type, rtx, header.data());
  std::array<uint8_t, 2 + sizeof staged.rewrite.head> head;
  size_t head_size = 0;
  if (rtx) {
    // RFC 4588 section 4: the original sequence number is in front of the payload.
    store_u16(head.data(), staged.rewrite.sequence);
    head_size = 2;
    store_u16(header.data() + 2, port.rtx_sequence_);
  }
  std::copy_n(staged.rewrite.head.begin(), staged.rewrite.head_size, head.begin() + head_size);
  head_size += staged.rewrite.head_size;
  const ByteView rest = bytes.subspan(std::min<size_t>(staged.rewrite.head_replaced, bytes.size()));

  const size_t size = header_size + head_size + rest.size() + srtp->rtp_overhead();
  if (size > SendBatch::kMaxDatagram) {
    ++port.dropped_;
    return;
  }
  uint8_t* out = worker()->send_batch().reserve(route_, size);
  const uint32_t roc = rtx ? port.rtx_srtp_.roc_for(port.rtx_sequence_++)
                           : port.srtp_.roc_for(staged.rewrite.sequence);
  srtp->protect_rtp({header.data(), header_size}, {head.data(), head_size}, rest, out, roc);
  ++packets_sent_;
  bytes_sent_ += size;
  if (staged.retransmission) {
    ++port.retransmitted_;
  } else {
    send_.on_sent(port.stream_, head_size + rest.size(), worker()->now());
  }
}

void PeerSession::send_rtp(TransportPort& port, ByteView bytes) {
  const auto view = rtp::PacketView::parse(bytes);
  if (!view) return;
  SharedPacket shared;
  shared.received.bytes = bytes;
  shared.received.payload = view->payload();
  StagedPacket staged;
  staged.packet = &shared;
  staged.rewrite.marker = view->marker();
  staged.rewrite.sequence = view->sequence_number();
  staged.rewrite.timestamp = view->timestamp();
  // The payload type is the peer's; which codec it is follows from the section's first format.
  const MediaSection* media = section(port.config_.mid);
  if (!media || media->formats.empty()) return;
  shared.received.descriptor.codec = media->formats.front().receive.codec;
  send_packet(port, staged);
}

// --- TransportPort ---

void TransportPort::set_listener(std::shared_ptr<Listener> listener) {
  const std::shared_ptr<PeerSession> session = session_.lock();
  if (!session) return;
  session->run([self = std::static_pointer_cast<TransportPort>(shared_from_this()),
                listener = std::move(listener)](PeerSession& peer) {
    self->port_listener_ = listener;
    if (listener && self->bound_) listener->on_port_bound(*peer.worker());
  });
}

void TransportPort::prefetch_next() const {
  prefetch(pad_.get(), sizeof(GstPad));
  if (bound_) bound_->prefetch_next();
}

std::optional<Duration> TransportPort::round_trip() const {
  return bound_ ? bound_->send_.round_trip() : std::nullopt;
}

void TransportPort::stage(std::span<const StagedPacket> packets) { staged_ = packets; }

void TransportPort::detach() {
  bound_ = nullptr;
  port_listener_.reset();
  pad_.reset();
}

GstFlowReturn TransportPort::push(GstBufferList* list) {
  // Only a router stages, and on this session's thread.
  if (staged_.empty()) return push_packets(Ref<GstBufferList>::adopt(list));
  for (const StagedPacket& staged : std::exchange(staged_, {})) {
    if (bound_) bound_->send_packet(*this, staged);
  }
  gst_buffer_list_unref(list);
  return GST_FLOW_OK;
}

// From another element, or another thread: whole packets.
GstFlowReturn TransportPort::push_packets(Ref<GstBufferList> list) {
  const std::shared_ptr<PeerSession> session = session_.lock();
  if (!session) return GST_FLOW_FLUSHING;
  if (!session->worker()) return GST_FLOW_OK;  // not connected yet: media does not wait
  session->run([self = std::static_pointer_cast<TransportPort>(shared_from_this()),
                list = std::move(list)](PeerSession& peer) {
    for (guint i = 0; i < gst_buffer_list_length(list.get()); ++i) {
      GstMapInfo map;
      GstBuffer* buffer = gst_buffer_list_get(list.get(), i);
      if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) continue;
      peer.send_rtp(*self, {map.data, map.size});
      gst_buffer_unmap(buffer, &map);
    }
  });
  return GST_FLOW_OK;
}

void TransportPort::set_clock_mapping(NtpTime ntp, uint32_t timestamp) {
  const std::shared_ptr<PeerSession> session = session_.lock();
  if (!session) return;
  session->run([self = std::static_pointer_cast<TransportPort>(shared_from_this()), ntp,
                timestamp](PeerSession& peer) {
    if (self->added_)
      peer.send_.set_clock_mapping(self->stream_, ntp, timestamp, peer.worker_time());
  });
}

}  // namespace gstlk::sfu
