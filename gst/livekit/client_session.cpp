// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit/client_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"

namespace gstlk::livekit {

using namespace std::chrono_literals;

namespace {

LogCategory& log_client = register_log_category(*new LogCategory{"livekit-client"});

// As livekit-client's default reconnect policy.
constexpr std::array<Duration, 6> kRetryDelays = {0ms, 300ms, 1200ms, 2700ms, 4800ms, 7000ms};

int64_t milliseconds(Timestamp time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// A session that lasted so long is worth coming back to at once. One that is lost sooner each time
// fails for a reason that stays.
constexpr Duration kStableAfter = 30s;

// Those after which coming back would be against somebody's will. A server that goes down comes up
// again, so SERVER_SHUTDOWN is not among them.
bool is_final(const ::livekit::LeaveRequest& leave) {
  if (leave.action() != ::livekit::LeaveRequest::DISCONNECT || leave.can_reconnect()) return false;
  switch (leave.reason()) {
    case ::livekit::CLIENT_INITIATED:
    case ::livekit::DUPLICATE_IDENTITY:
    case ::livekit::PARTICIPANT_REMOVED:
    case ::livekit::ROOM_DELETED:
    case ::livekit::ROOM_CLOSED:
    case ::livekit::USER_UNAVAILABLE:
    case ::livekit::USER_REJECTED:
      return true;
    default:
      return false;
  }
}

// The server has understood and does not want us. 408 and 429 ask for another try, and so does what
// a server that is being replaced, or a proxy in front of none, says to who was in: all but that
// the token is not valid.
bool is_refusal(unsigned status, bool was_connected) {
  if (was_connected) return status == 401;
  return status >= 400 && status < 500 && status != 408 && status != 429;
}

}  // namespace

const char* to_string(SessionState state) {
  switch (state) {
    case SessionState::Idle:
      return "idle";
    case SessionState::Connecting:
      return "connecting";
    case SessionState::Connected:
      return "connected";
    case SessionState::Reconnecting:
      return "reconnecting";
    case SessionState::Ended:
      return "ended";
  }
  return "";
}

void ClientSession::open(Timestamp now) {
  if (state_ != SessionState::Idle) return;
  trying_since_ = now;
  set_state(SessionState::Connecting, "");
  connect(now);
}

void ClientSession::close(Timestamp now) {
  if (state_ == SessionState::Ended) return;
  if (joined_) {
    ::livekit::SignalRequest request;
    request.mutable_leave()->set_reason(::livekit::CLIENT_INITIATED);
    send(request);
  }
  end(EndCause::Left, "left");
}

void ClientSession::connect(Timestamp now) {
  next_try_.reset();
  attempt_ends_ = now + options_.attempt_timeout;
  socket_ = true;
  events_.emplace_back(OpenSocket{});
}

void ClientSession::handle_message(ByteView bytes, Timestamp now) {
  if (!socket_) return;
  ::livekit::SignalResponse message;
  if (!from_protobuf(bytes, message)) {
    LOG_DEBUG(log_client, "a signal message of %zu bytes cannot be read", bytes.size());
    return;
  }
  if (!joined_) return handle_first(message, now);
  silence_ends_ = now + ping_timeout_;
  switch (message.message_case()) {
    case ::livekit::SignalResponse::kLeave:
      return handle_leave(message.leave(), now);
    case ::livekit::SignalResponse::kRefreshToken:
      refreshed_token_ = message.refresh_token();
      return;
    case ::livekit::SignalResponse::kPongResp:
      return handle_pong(message.pong_resp().last_ping_timestamp(), now);
    case ::livekit::SignalResponse::kPong:
    case ::livekit::SignalResponse::MESSAGE_NOT_SET:
      return;
    default:
      events_.emplace_back(Received{std::move(message)});
  }
}

void ClientSession::handle_first(::livekit::SignalResponse& message, Timestamp now) {
  if (message.has_join()) return handle_join(*message.mutable_join(), now);
  if (message.has_leave()) return handle_leave(message.leave(), now);
  lose("the first message of the server is not a join response", now);
}

void ClientSession::handle_join(::livekit::JoinResponse& join, Timestamp now) {
  joined_ = true;
  attempt_ends_.reset();
  primary_ = join.subscriber_primary() ? ::livekit::SUBSCRIBER : ::livekit::PUBLISHER;
  primary_connected_ = false;
  primary_ends_ = now + options_.peer_connection_timeout;
  if (join.ping_interval() > 0) ping_interval_ = std::chrono::seconds(join.ping_interval());
  if (join.ping_timeout() > 0) ping_timeout_ = std::chrono::seconds(join.ping_timeout());
  next_ping_ = now + ping_interval_;
  silence_ends_ = now + std::max(ping_timeout_, ping_interval_);
  if (peers_) events_.emplace_back(StopPeers{});
  peers_ = true;
  events_.emplace_back(StartPeers{std::move(join)});
}

void ClientSession::handle_leave(const ::livekit::LeaveRequest& leave, Timestamp now) {
  const std::string& name = ::livekit::DisconnectReason_Name(leave.reason());
  if (is_final(leave)) return end(EndCause::Removed, name, leave.reason());
  lose("the server ended the session: " + name, now, leave.reason());
}

void ClientSession::handle_socket_closed(const SocketFault& fault, Timestamp now) {
  if (!socket_) return;
  socket_ = false;
  if (!joined_ && is_refusal(fault.status, was_connected_))
    return end(EndCause::Refused, fault.message);
  lose(fault.message.empty() ? "the signal connection was closed" : fault.message, now);
}

void ClientSession::handle_peer_connected(::livekit::SignalTarget target, Timestamp now) {
  if (!joined_ || target != primary_ || primary_connected_) return;
  primary_connected_ = true;
  primary_ends_.reset();
  connected_since_ = now;
  // What the first join took says nothing of what comes.
  if (!std::exchange(was_connected_, true)) attempts_ = 0;
  set_state(SessionState::Connected, "");
}

void ClientSession::handle_peer_failed(::livekit::SignalTarget target, const std::string& why,
                                       Timestamp now) {
  if (!joined_) return;  // joining anew already
  const char* which = target == ::livekit::PUBLISHER ? "publisher" : "subscriber";
  lose(std::string("the ") + which + " connection failed: " + why, now);
}

void ClientSession::rejoin(const std::string& why, Timestamp now) {
  if (!joined_) return;
  leave_connected(now);
  close_socket();
  failure_ = why;
  set_state(was_connected_ ? SessionState::Reconnecting : SessionState::Connecting, why);
  next_try_ = now;
}

void ClientSession::handle_pong(int64_t sent, Timestamp now) {
  const Duration round_trip = std::chrono::milliseconds(milliseconds(now) - sent);
  if (round_trip >= Duration::zero() && round_trip < ping_timeout_) round_trip_ = round_trip;
}

void ClientSession::ping(Timestamp now) {
  // Both kinds, as livekit-client: servers before 1.3 know the first only.
  ::livekit::SignalRequest request;
  request.set_ping(milliseconds(now));
  send(request);
  auto* ping = request.mutable_ping_req();
  ping->set_timestamp(milliseconds(now));
  ping->set_rtt(std::chrono::duration_cast<std::chrono::milliseconds>(round_trip_).count());
  send(request);
  next_ping_ = now + ping_interval_;
}

void ClientSession::handle_timeout(Timestamp now) {
  const auto due = [now](const std::optional<Timestamp>& at) { return at && *at <= now; };
  if (due(attempt_ends_)) return lose("the server did not answer in time", now);
  if (due(primary_ends_)) return lose("no media connection could be made in time", now);
  if (due(silence_ends_)) return lose("the server does not answer any more", now);
  if (due(next_ping_)) ping(now);
  if (due(next_try_)) {
    if (out_of_time(now)) return end(EndCause::Unreachable, failure_, failure_reason_);
    connect(now);
  }
}

std::optional<Timestamp> ClientSession::next_timeout() const {
  std::optional<Timestamp> next;
  for (const auto& at : {attempt_ends_, primary_ends_, next_try_, next_ping_, silence_ends_})
    if (at && (!next || *at < *next)) next = at;
  return next;
}

std::optional<ClientSession::Event> ClientSession::poll_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void ClientSession::send(const ::livekit::SignalRequest& request) {
  if (joined_ && socket_) events_.emplace_back(Send{to_protobuf(request)});
}

void ClientSession::lose(const std::string& why, Timestamp now,
                         ::livekit::DisconnectReason reason) {
  leave_connected(now);
  close_socket();
  failure_ = why;
  failure_reason_ = reason;
  retry(now);
}

void ClientSession::leave_connected(Timestamp now) {
  if (state_ != SessionState::Connected) return;
  trying_since_ = now;
  if (now - connected_since_ >= kStableAfter) attempts_ = 0;
}

void ClientSession::retry(Timestamp now) {
  if (out_of_time(now)) return end(EndCause::Unreachable, failure_, failure_reason_);
  set_state(was_connected_ ? SessionState::Reconnecting : SessionState::Connecting, failure_);
  next_try_ = now + retry_delay();
}

bool ClientSession::out_of_time(Timestamp now) const {
  const Duration limit = was_connected_ ? options_.retry_for : options_.join_timeout;
  return limit != Duration::zero() && now - trying_since_ >= limit;
}

Duration ClientSession::retry_delay() {
  // What fails at once on a machine of its own is not tried in a tight loop: only a session that
  // was connected comes back without a pause.
  const size_t first = was_connected_ ? 0 : 1;
  const size_t step = std::min(attempts_ + first, kRetryDelays.size() - 1);
  attempts_ += 1;
  uint8_t jitter = 0;
  if (options_.random) options_.random(std::span(&jitter, 1));
  return kRetryDelays[step] + kRetryDelays[step] * jitter / 1024;
}

void ClientSession::end(EndCause cause, std::string message, ::livekit::DisconnectReason reason) {
  close_socket();
  next_try_.reset();
  if (std::exchange(peers_, false)) events_.emplace_back(StopPeers{});
  set_state(SessionState::Ended, message);
  events_.emplace_back(Ended{SessionEnd{cause, reason, std::move(message)}});
}

void ClientSession::close_socket() {
  if (std::exchange(socket_, false)) events_.emplace_back(CloseSocket{});
  joined_ = false;
  attempt_ends_.reset();
  primary_ends_.reset();
  next_ping_.reset();
  silence_ends_.reset();
}

void ClientSession::set_state(SessionState state, std::string detail) {
  if (state_ == state && detail.empty()) return;
  state_ = state;
  LOG_INFO(log_client, "%s %s", to_string(state), detail.c_str());
  events_.emplace_back(StateChange{state, std::move(detail)});
}

}  // namespace gstlk::livekit
