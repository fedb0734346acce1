// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/peer_session.h"

#include <algorithm>
#include <condition_variable>
#include <variant>

#include "plugins/sfu/tcp_connection.h"
#include "plugins/sfu/transport_port.h"
#include "plugins/sfu/worker.h"
#include "plugins/sfu/worker_pool.h"
#include "transport/demux.h"
#include "transport/stun.h"

GST_DEBUG_CATEGORY_EXTERN(gst_sfu_transport_debug);
#define GST_CAT_DEFAULT gst_sfu_transport_debug

namespace gstlk::sfu {
namespace {

constexpr Duration kStatsInterval = 1s;
// Later than this is far, and may be as much later as the grid is wide.
constexpr Duration kNear = 50ms;
constexpr Duration kTimerGrid = 10ms;

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
  session->data_.on_credit([weak = std::weak_ptr(session)] {
    if (const std::shared_ptr<PeerSession> self = weak.lock())
      self->run([](PeerSession& s) { s.data_.take_credit(s.worker_time()); });
  });
  MutexLock lock(session->bind_mutex_);
  session->local_ice_ = session->transport_.local_ice();
  pool.register_ufrag(session->local_ice_.ufrag, session);
  return session;
}

PeerSession::PeerSession(WorkerPool& pool, std::weak_ptr<PeerSessionListener> listener)
    : pool_(pool),
      listener_(std::move(listener)),
      transport_(transport_config(pool)),
      fingerprint_(transport_.local_fingerprint()),
      receiver_(transport_, pool),
      sender_(transport_, pool),
      data_(transport_, listener_) {}

PeerSession::~PeerSession() = default;

transport::Transport::Config PeerSession::transport_config(WorkerPool& pool) {
  transport::Transport::Config config;
  config.dtls = &pool.dtls();
  config.random = pool.random();
  // Firefox sends old packets again to probe for bandwidth; LiveKit's servers accept them too. What
  // is a duplicate is dropped behind SRTP, per stream.
  config.replay = transport::SrtpReceiveSession::Replay::Accept;
  config.sctp_wakeup = {&SctpWake::call, this};
  return config;
}

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
    self.transport_.restart_ice();
    const std::lock_guard lock(rendezvous->mutex);
    rendezvous->credentials = self.transport_.local_ice();
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
  run([remote = std::move(remote)](PeerSession& self) { self.transport_.set_remote_ice(remote); });
}

void PeerSession::set_remote_fingerprint(const std::string& fingerprint) {
  run([fingerprint](PeerSession& self) {
    if (!self.transport_.set_remote_fingerprint(fingerprint)) {
      GST_WARNING("not a fingerprint: %s", fingerprint.c_str());
    }
  });
}

void PeerSession::set_dtls_role(transport::DtlsRole role) {
  run([role](PeerSession& self) { self.transport_.set_dtls_role(role); });
}

void PeerSession::set_media(std::vector<MediaSection> sections, std::vector<EncodingPad> pads) {
  run([sections = std::move(sections), pads = std::move(pads)](PeerSession& self) {
    if (self.closed_) return;
    for (const MediaSection& section : sections) {
      if (section.application) {
        self.transport_.enable_data_channels(transport::SctpSession::kDefaultPort,
                                             section.sctp_port);
      }
    }
    self.receiver_.set_media(sections, pads);
    self.sender_.set_media(sections);
    if (self.transport_.connected()) self.receiver_.announce();
  });
}

void PeerSession::open_data_channel(transport::DataChannelConfig config) {
  run([config = std::move(config)](PeerSession& self) { self.data_.open(config); });
}

bool PeerSession::send_data(const std::string& label, ByteView message) {
  if (!data_.post(label, message.size())) return false;
  run([label, copy = Bytes(message.begin(), message.end())](PeerSession& self) {
    self.data_.send(label, copy);
  });
  return true;
}

void PeerSession::announce(GstPad* pad) {
  // Later, even here: who asks may be in the midst of what is pushed.
  Worker* worker = this->worker();
  if (!worker) return;
  worker->post([self = shared_from_this(), pad] {
    if (self->transport_.connected()) self->receiver_.announce(pad);
  });
}

void PeerSession::request_keyframe(GstPad* pad) {
  run([pad](PeerSession& self) { self.receiver_.request_keyframe(pad, self.worker_time()); });
}

void PeerSession::on_keyframe(GstPad* pad) {
  run([pad](PeerSession& self) { self.receiver_.on_keyframe(pad); });
}

void PeerSession::set_limits(ReceiveLimits limits) {
  run([limits](PeerSession& self) {
    self.receiver_.set_bitrate_limit(limits.bitrate);
    self.receiver_.session().set_keyframe_intervals(limits.keyframe_intervals);
    self.data_.set_rate(limits.data_per_second);
  });
}

void PeerSession::add_port(std::shared_ptr<TransportPort> port) {
  run([port = std::move(port)](PeerSession& self) {
    if (self.closed_) return;
    self.sender_.add(port);
    if (self.transport_.connected()) port->bind(self.sender_, *self.worker());
  });
}

void PeerSession::remove_port(std::shared_ptr<TransportPort> port) {
  run([port = std::move(port)](PeerSession& self) { self.sender_.remove(port); });
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
  receiver_.clear();
  sender_.clear();
  // Whoever closes knows; telling it under the binding lock could come back here.
  state_ = PeerState::Closed;
  if (Worker* worker = this->worker()) {
    worker->timers().cancel(*this);
    worker->forget(*this);
    pool_.forget_elsewhere(shared_from_this(), *worker);
  }
}

bool PeerSession::expects_check(ByteView datagram) const {
  const std::string_view ufrag = transport::stun_local_ufrag(datagram);
  // Responses and indications carry no name; they are for whoever owns the address.
  if (ufrag.empty()) return true;
  MutexLock lock(bind_mutex_);
  return ufrag == local_ice_.ufrag || (previous_ice_ && ufrag == previous_ice_->ufrag);
}

void PeerSession::handle_datagram(ByteView datagram, const transport::SocketAddress& remote,
                                  const transport::SocketAddress& local, TcpConnection* tcp,
                                  Timestamp now) {
  if (closed_) return;
  const transport::PacketKind kind = transport::classify(datagram);
  if (kind == transport::PacketKind::Rtp) {
    receiver_.handle_rtp(datagram, worker()->packets(), now);
    return;
  }
  if (kind == transport::PacketKind::Rtcp) {
    handle_rtcp(datagram, now);
    return;
  }
  const transport::AddressPair path{remote, local,
                                    tcp ? transport::Protocol::Tcp : transport::Protocol::Udp};
  const bool is_stun = kind == transport::PacketKind::Stun;
  if (is_stun && tcp) paths_.add_tcp(*tcp, path);
  const uint64_t bad_before = transport_.stats().bad_stun;
  transport_.handle_datagram(datagram, path, now);
  if (is_stun && !tcp && transport_.stats().bad_stun == bad_before)
    paths_.add_udp(*worker(), path, transport_.selected(), shared_from_this());
}

void PeerSession::handle_tcp_closed(TcpConnection* connection) {
  paths_.remove_tcp(*connection);
  sender_.forget(*connection);
}

// --- RTCP, of both directions ---

void PeerSession::handle_rtcp(ByteView datagram, Timestamp now) {
  transport::SrtpReceiveSession* srtp = transport_.srtp_receive();
  if (!srtp) return;
  scratch_.resize(datagram.size());
  const auto size = srtp->unprotect_rtcp(datagram, scratch_);
  if (!size) {
    ++malformed_rtcp_;
    return;
  }
  // act_on() may send and so use scratch_: the message gets bytes of its own.
  const Bytes compound(scratch_.begin(), scratch_.begin() + static_cast<ptrdiff_t>(*size));
  rtp::dispatch_rtcp(compound, receiver_.session(), sender_.session(), now, rtcp_results_);
  malformed_rtcp_ += rtcp_results_.malformed;
  if (const auto round_trip = sender_.session().round_trip())
    receiver_.session().set_round_trip(*round_trip);
  receiver_.push_sender_reports(rtcp_results_.sender_reports);
  sender_.act_on(rtcp_results_.send_events);
  sender_.report_playout_delays(now);
}

void PeerSession::poll_rtcp(Timestamp now) {
  if (!sender_.is_ready()) return;
  auto send = [&](auto& session) {
    const auto due = session.next_timeout();
    if (!due || *due > now) return;
    scratch_.clear();
    while (session.poll_rtcp(now, scratch_)) {
      sender_.send_rtcp(scratch_);
      scratch_.clear();
    }
  };
  send(receiver_.session());
  send(sender_.session());
}

void PeerSession::send_bitrate_limit() {
  if (!sender_.is_ready()) return;
  scratch_.clear();
  if (receiver_.append_bitrate_limit(scratch_)) sender_.send_rtcp(scratch_);
}

// --- the turn ---

void PeerSession::finish_turn(Timestamp now) {
  touched_ = false;
  if (closed_) return;
  receiver_.push_pending();
  poll_transport();
  if (closed_) return;
  data_.poll();
  if (closed_) return;  // by whoever was told
  poll_rtcp(now);
  if (now >= next_stats_) {
    next_stats_ = now + kStatsInterval;
    publish_stats(now);
    send_bitrate_limit();
  }
  reschedule(now);
}

void PeerSession::on_timer(Timestamp now) {
  transport_.handle_timeout(now);
  data_.handle_timeout(now);
  worker()->touch(*this);
}

void PeerSession::reschedule(Timestamp now) {
  Timestamp next = next_stats_;
  auto consider = [&](std::optional<Timestamp> candidate) {
    if (candidate) next = std::min(next, *candidate);
  };
  consider(transport_.next_timeout(now));
  consider(data_.next_timeout());
  if (transport_.connected() && sender_.is_ready()) {
    consider(receiver_.session().next_timeout());
    consider(sender_.session().next_timeout());
  }
  // Never at once again: a turn has just been made. What is far away (statistics, reports) may be a
  // little late, so that one wake-up serves many sessions.
  next = std::max(next, now + 1ms);
  worker()->timers().schedule(*this, next - now < kNear ? next : round_up(next, kTimerGrid));
}

void PeerSession::publish_stats(Timestamp now) {
  PeerStats stats;
  stats.at = now;
  stats.path = transport_.selected();
  stats.malformed = malformed_rtcp_;
  receiver_.write_stats(stats, now);
  sender_.write_stats(stats, now);
  MutexLock lock(stats_mutex_);
  stats_ = std::move(stats);
}

// --- ICE, DTLS, SCTP ---

void PeerSession::poll_transport() {
  while (auto datagram = transport_.poll_output()) send_datagram(datagram->path, datagram->bytes);
  while (auto event = transport_.poll_event()) {
    handle_event(std::move(*event));
    if (closed_) return;
    data_.apply_credit(worker()->now());
  }
  while (auto datagram = transport_.poll_output()) send_datagram(datagram->path, datagram->bytes);
}

void PeerSession::handle_event(transport::TransportEvent event) {
  std::visit(
      Overloaded{
          [&](const transport::TransportConnected&) {
            update_route();
            data_.handle_connected();
            set_state(PeerState::Connected);
            sender_.bind_ports(*worker());
            receiver_.announce();
          },
          [&](const transport::TransportDisconnected&) { set_state(PeerState::Disconnected); },
          [&](const transport::TransportReconnected&) { set_state(PeerState::Connected); },
          [&](const transport::TransportFailed&) { set_state(PeerState::Failed); },
          [&](const transport::TransportMoved&) { update_route(); },
          [&](const transport::DataChannelOpened& opened) { data_.handle(opened); },
          [&](const transport::DataChannelClosed& closed) { data_.handle(closed); },
          [&](transport::DataMessage& message) { data_.handle(message, worker()->now()); },
      },
      event);
}

void PeerSession::set_state(PeerState state) {
  if (state_ == state) return;
  state_ = state;
  if (const auto listener = listener_.lock()) listener->on_state(state);
}

void PeerSession::update_route() {
  const auto& selected = transport_.selected();
  sender_.set_route(*worker(), selected ? paths_.route_to(*worker(), *selected) : Route{});
}

void PeerSession::send_datagram(const transport::AddressPair& path, ByteView bytes) {
  if (bytes.empty() || bytes.size() > SendBatch::kMaxDatagram) return;
  const Route route = paths_.route_to(*worker(), path);
  if (!route.valid()) return;
  std::ranges::copy(bytes, worker()->send_batch().reserve(route, bytes.size()));
}

}  // namespace gstlk::sfu
