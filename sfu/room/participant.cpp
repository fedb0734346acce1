// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/participant.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "livekit_room.pb.h"
#include "room/data_relay.h"
#include "room/log.h"
#include "room/room.h"

namespace gstlk::room {
namespace {

using Info = ::livekit::ParticipantInfo;
using Response = ::livekit::RequestResponse;

constexpr Duration kJoinLimit = 60s;
constexpr Duration kResumeLimit = 5s;    // after the media failed
constexpr Duration kRestartLimit = 15s;  // for ICE to come back after a resume
constexpr Duration kTokenRefreshPeriod = 300s;
constexpr std::chrono::minutes kTokenMinimumLife{10};

Attributes to_map(const google::protobuf::Map<std::string, std::string>& map) {
  return {map.begin(), map.end()};
}

}  // namespace

Participant::Participant(Room& room, ParticipantId sid, JoinDetails details)
    : room_(&room),
      sid_(std::move(sid)),
      joined_as_(sid_.value),
      identity_(std::move(details.identity)),
      claims_(std::move(details.claims)),
      client_(std::move(details.client)),
      quirks_(quirks_of(client_)),
      single_peer_connection_(details.single_peer_connection),
      forwarded_(details.forwarded),
      auto_subscribe_data_(details.auto_subscribe_data_track),
      asked_(details.asked),
      joined_(room.timers().now()),
      joined_unix_(room.timers().unix_micros()),
      publications_(*this),
      subscriptions_(*this, details.auto_subscribe, details.adaptive_stream,
                     details.allow_pause.value_or(room.settings().allow_pause)),
      data_blobs_(*this),
      ice_(*this) {
  if (!claims_.grants.video) claims_.grants.video.emplace();
  if (!details.metadata.empty()) claims_.grants.metadata = std::move(details.metadata);
  add(details.attributes, claims_.grants.attributes);
}

Participant::~Participant() = default;

bool Participant::is_recorder() const {
  return grant().recorder || kind_from(claims_.grants.kind) == Info::EGRESS;
}

bool Participant::is_agent() const {
  return grant().agent || kind_from(claims_.grants.kind) == Info::AGENT;
}

bool Participant::is_connected() const { return state_ == Info::JOINED || state_ == Info::ACTIVE; }

Info Participant::info() const {
  const livekit::Grants& grants = claims_.grants;
  Info info;
  info.set_sid(sid_.value);
  info.set_identity(identity_.value);
  info.set_state(state_);
  info.set_name(grants.name);
  info.set_metadata(grants.metadata);
  info.mutable_attributes()->insert(grants.attributes.begin(), grants.attributes.end());
  info.set_joined_at(joined_unix_ / 1'000'000);
  info.set_joined_at_ms(joined_unix_ / 1'000);
  info.set_version(version_);
  *info.mutable_permission() = permission_from(grant());
  info.set_region(room_->settings().region);
  info.set_is_publisher(was_publisher_);
  info.set_kind(kind_from(grants.kind));
  for (const auto detail : kind_details_from(grants.kind_details)) info.add_kind_details(detail);
  info.set_client_protocol(client_.client_protocol());
  *info.mutable_capabilities() = client_.capabilities();
  info.set_disconnect_reason(disconnect_reason_);
  for (const Publication* publication : publications_.published())
    *info.add_tracks() = publication->info();
  room_->data_tracks().fill(*this, info);
  return info;
}

void Participant::attach(SignalLink& link) {
  // The old WebSocket may still be open when its client is already back.
  if (link_) link_->detach(true);
  link_ = &link;
  link_lost_at_.reset();
  sent_versions_.clear();
}

void Participant::on_link_closed(const SignalLink& link) {
  if (link_ != &link) return;
  link_ = nullptr;
  link_lost_at_ = room_->timers().now();
  // Before its checks have come through there is nothing to come back to. With them the rest of
  // connecting may go on without the WebSocket, as at LiveKit.
  if (state_ == Info::JOINED && !ice_connected_) room_->remove(*this, {::livekit::SIGNAL_CLOSE});
}

void Participant::send(const ::livekit::SignalResponse& response) {
  if (link_) link_->send(SignalMessage(response));
}

void Participant::send(const SignalMessage& message) {
  if (link_) link_->send(message);
}

bool Participant::wants_update(const ParticipantId& about, uint32_t version) {
  if (!link_ || !is_connected()) return false;
  uint32_t& sent = sent_versions_[about];
  if (sent >= version) return false;
  sent = version;
  return true;
}

void Participant::respond(const Response& response) {
  if (response.reason() == Response::OK ? !quirks_.takes_ok_response
                                        : !quirks_.takes_request_response)
    return;
  ::livekit::SignalResponse message;
  *message.mutable_request_response() = response;
  send(message);
}

void Participant::dismiss(const Leave& leave) {
  if (!link_) return;
  // An older client that is to resume does so by itself when its WebSocket closes.
  if (quirks_.takes_leave_action || leave.action != ::livekit::LeaveRequest::RESUME)
    send(leave_message(leave, quirks_));
  drop_link();
}

void Participant::drop_link() {
  SignalLink* link = std::exchange(link_, nullptr);
  if (!link) return;
  link_lost_at_ = room_->timers().now();
  link->detach(true);
}

void Participant::on_joined() {
  state_ = Info::JOINED;
  ice_.on_attempt();
  join_limit_ = room_->timers().call_later(
      kJoinLimit, [this] { room_->remove(*this, {::livekit::JOIN_FAILURE}); });
  send_refresh_token();
}

void Participant::on_resumed() {
  resume_limit_.reset();
  room_->data_tracks().on_resumed(*this);
  publications_.repeat_wanted();
  if (media_failed_) {
    ice_.on_attempt();
    await_resume(kRestartLimit);
  }
  // As after a join: the one it has may have become old without a link.
  send_refresh_token();
}

void Participant::on_left(::livekit::DisconnectReason reason) {
  state_ = Info::DISCONNECTED;
  disconnect_reason_ = reason;
  ++version_;
  join_limit_.reset();
  resume_limit_.reset();
  token_refresh_.reset();
}

void Participant::on_moving() {
  state_ = Info::DISCONNECTED;
  disconnect_reason_ = ::livekit::MIGRATION;
  ++version_;
}

void Participant::enter(Room& room, ParticipantId sid) {
  room_ = &room;
  sid_ = std::move(sid);
  claims_.grants.video->room = room.name().value;
  asked_.reset();
  joined_ = room.timers().now();
  joined_unix_ = room.timers().unix_micros();
  state_ = Info::ACTIVE;
  disconnect_reason_ = ::livekit::UNKNOWN_REASON;
  ++version_;
  sent_versions_.clear();
}

void Participant::reconcile_published() {
  for (const Publication* publication : publications_.published())
    room_->reconcile(publication->sid());
}

void Participant::mirror(const Participant& source) {
  permissions_ = source.permissions_;
  reconcile_published();
  livekit::Grants& grants = claims_.grants;
  const livekit::Grants& theirs = source.claims_.grants;
  if (grants.name == theirs.name && grants.metadata == theirs.metadata &&
      grants.attributes == theirs.attributes)
    return;
  grants.name = theirs.name;
  grants.metadata = theirs.metadata;
  grants.attributes = theirs.attributes;
  room_->on_profile_changed(*this);
}

// Removes the participant unless its media works again by then.
void Participant::await_resume(Duration limit) {
  const uint64_t received = media_->bytes_received();
  resume_limit_ = room_->timers().call_later(limit, [this, received] {
    if (link_ && media_->bytes_received() > received) {
      media_failed_ = false;
      return;
    }
    room_->remove(*this, {::livekit::CONNECTION_TIMEOUT});
  });
}

std::string Participant::make_token() const {
  if (!room_->settings().sign_token) return "";
  const auto now =
      std::chrono::floor<std::chrono::seconds>(std::chrono::sys_time<std::chrono::microseconds>(
          std::chrono::microseconds(room_->timers().unix_micros())));
  livekit::Claims claims = claims_;
  claims.expires_at = std::max<livekit::UnixTime>(claims.expires_at, now + kTokenMinimumLife);
  claims.not_before.reset();
  claims.issued_at = now;
  return room_->settings().sign_token(claims);
}

void Participant::send_refresh_token() {
  ::livekit::SignalResponse response;
  response.set_refresh_token(make_token());
  if (response.refresh_token().empty()) return;
  send(response);
  token_refresh_ =
      room_->timers().call_later(kTokenRefreshPeriod, [this] { send_refresh_token(); });
}

TooLong Participant::too_long(const std::string& name, const std::string& metadata,
                              const Attributes& changes) const {
  Attributes merged = claims_.grants.attributes;
  merge(changes, merged);
  return room::too_long(room_->settings().limits, name, metadata, merged);
}

void Participant::apply_profile(const std::string& name, const std::string& metadata,
                                const Attributes& changes) {
  if (!name.empty()) claims_.grants.name = name;
  if (!metadata.empty()) claims_.grants.metadata = metadata;
  merge(changes, claims_.grants.attributes);
}

void Participant::handle_update_metadata(const ::livekit::UpdateParticipantMetadata& request) {
  Response response;
  response.set_request_id(request.request_id());
  *response.mutable_update_metadata() = request;
  const auto changes = to_map(request.attributes());
  if (!grant().may_update_own_metadata()) {
    response.set_reason(Response::NOT_ALLOWED);
    response.set_message("does not have permission to update own metadata");
  } else if (const TooLong what = too_long(request.name(), request.metadata(), changes);
             what != TooLong::No) {
    response.set_reason(Response::LIMIT_EXCEEDED);
    response.set_message(what == TooLong::Name       ? "exceeds name length limit"
                         : what == TooLong::Metadata ? "exceeds metadata size limit"
                                                     : "exceeds attributes size limit");
  } else {
    apply_profile(request.name(), request.metadata(), changes);
    room_->on_profile_changed(*this);
    send_refresh_token();
  }
  respond(response);
}

void Participant::set_permission(const ::livekit::ParticipantPermission& permission) {
  const bool recorded = is_recorder();
  const bool depended = is_dependent();
  apply_permission(permission, *claims_.grants.video);
  if (recorded != is_recorder() || depended != is_dependent()) room_->on_roles_changed();
  if (!grant().may_publish()) was_publisher_ = false;
  publications_.enforce_grants();
  subscriptions_.reconcile_all();
  room_->data_tracks().enforce_grants(*this);
  room_->data_tracks().reconcile(*this);
}

Result<void, ApiError> Participant::update(const ::livekit::UpdateParticipantRequest& request) {
  const auto changes = to_map(request.attributes());
  switch (too_long(request.name(), request.metadata(), changes)) {
    case TooLong::Name:
      return refuse(ErrorCode::InvalidArgument, "name length exceeds limits");
    case TooLong::Metadata:
      return refuse(ErrorCode::InvalidArgument, "metadata size exceeds limits");
    case TooLong::Attributes:
      return refuse(ErrorCode::InvalidArgument, "attributes size exceeds limits");
    case TooLong::No:
      break;
  }
  apply_profile(request.name(), request.metadata(), changes);
  const bool was_hidden = is_hidden();
  if (request.has_permission()) set_permission(request.permission());
  room_->on_profile_changed(*this);
  // The others know of it now.
  if (was_hidden && !is_hidden()) reconcile_published();
  send_refresh_token();
  return {};
}

void Participant::handle_subscription_permission(const ::livekit::SubscriptionPermission& request) {
  const auto resolve = [this](const ParticipantId& sid) -> std::optional<ParticipantIdentity> {
    const Participant* meant = room_->find(sid);
    return meant ? std::optional(meant->identity()) : std::nullopt;
  };
  if (!permissions_.set(request, resolve)) {
    LOG_INFO(log_room, "%s: subscription permission names nobody, or too many", sid_.value.c_str());
    return;
  }
  reconcile_published();
  room_->data_tracks().reconcile_all();
  room_->on_permissions_changed(*this);
}

void Participant::handle_sync_state(const ::livekit::SyncState& state) {
  const bool knows_all = std::ranges::all_of(state.publish_tracks(), [this](const auto& track) {
    return publications_.find(TrackId(track.track().sid())) != nullptr;
  });
  if (!knows_all || !room_->data_tracks().knows(*this, state)) {
    LOG_INFO(log_room, "%s: sync state names tracks that are not here", sid_.value.c_str());
    room_->remove(*this, {::livekit::STATE_MISMATCH, ::livekit::LeaveRequest::RECONNECT});
    return;
  }
  subscriptions_.handle_update(state.subscription());
  for (const std::string& sid : state.track_sids_disabled())
    subscriptions_.set_disabled(TrackId(sid));
  room_->data_tracks().handle_update(*this, state.data_subscription());
}

void Participant::handle_leave(const ::livekit::LeaveRequest& request) {
  using Reason = ::livekit::DisconnectReason;
  constexpr std::array<Reason, 4> kAllowed = {::livekit::CLIENT_INITIATED,
                                              ::livekit::USER_UNAVAILABLE, ::livekit::USER_REJECTED,
                                              ::livekit::AGENT_ERROR};
  const bool known = std::ranges::count(kAllowed, request.reason()) != 0;
  // Nothing is said to who says good-bye.
  drop_link();
  room_->remove(*this, {known ? request.reason() : ::livekit::CLIENT_INITIATED});
}

void Participant::on_media_connected() {
  media_failed_ = false;
  ice_.on_connected();
  join_limit_.reset();
  if (link_) resume_limit_.reset();
  if (state_ != Info::JOINED) return;
  state_ = Info::ACTIVE;
  was_active_ = true;
  ++version_;
  LOG_INFO(log_room, "%s (%s) is active", identity_.value.c_str(), sid_.value.c_str());
  room_->on_active(*this);
}

void Participant::on_media_failed() {
  if (!is_connected()) return;
  LOG_INFO(log_room, "%s (%s): no media connection", identity_.value.c_str(), sid_.value.c_str());
  ice_.on_failed();
  restart_media();
}

void Participant::restart_media() {
  media_failed_ = true;
  dismiss({::livekit::CONNECTION_TIMEOUT, ::livekit::LeaveRequest::RESUME});
  await_resume(kResumeLimit);
}

void Participant::on_data_channels_open() {
  has_data_channels_ = true;
  room_->data().on_established(*this);
}

void Participant::on_data(DataChannelKind channel, ByteView message) {
  if (!is_connected()) return;
  if (channel == DataChannelKind::DataTrack) {
    room_->data_tracks().handle_packet(*this, message);
  } else {
    room_->data().handle(*this, channel, message);
  }
}

void Participant::on_data_low(DataChannelKind channel) {
  if (channel == DataChannelKind::Reliable) room_->data().on_room(*this);
}

void Participant::on_upstream_tracks(const std::vector<UpstreamTrack>& tracks) {
  if (is_connected()) publications_.handle_upstream(tracks);
}

void Participant::on_negotiation_failed(const std::string& why) {
  LOG_WARNING(log_room, "%s (%s): %s", identity_.value.c_str(), sid_.value.c_str(), why.c_str());
  room_->listeners().tell(&RoomListener::on_negotiation_failed, std::as_const(*this));
  room_->remove(*this, {::livekit::STATE_MISMATCH, ::livekit::LeaveRequest::RECONNECT});
}

}  // namespace gstlk::room
