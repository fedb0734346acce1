// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "livekit/access_token.h"
#include "livekit_rtc.pb.h"
#include "room/client_quirks.h"
#include "room/data_blobs.h"
#include "room/errors.h"
#include "room/ice_route.h"
#include "room/leave.h"
#include "room/participant_media.h"
#include "room/permissions.h"
#include "room/profile.h"
#include "room/publications.h"
#include "room/signal_link.h"
#include "room/subscriptions.h"
#include "room/timers.h"

namespace livekit {
class UpdateParticipantRequest;
}

namespace gstlk::room {

class Room;

// What a participant brings along when it joins.
struct JoinDetails {
  ParticipantIdentity identity;
  livekit::Claims claims;
  ::livekit::ClientInfo client;
  bool auto_subscribe = true;
  bool auto_subscribe_data_track = false;
  bool adaptive_stream = false;
  std::optional<bool> allow_pause = {};  // of video there is no bandwidth for; else the settings'
  bool single_peer_connection = false;
  bool forwarded = false;               // from another room
  std::optional<Timestamp> asked = {};  // when the request came in
  std::string metadata;                 // own ones, on top of the token's
  Attributes attributes;
};

// SimulateScenario: how the next resume shall fail.
enum class ResumeFault : uint8_t { None, BeforeMessages, AfterMessages };

// Somebody in a room: who it is, what it may do, what it publishes and receives, and the way to its
// client. Owned by its Room; lives over any number of WebSockets until it leaves, is removed, or
// its media is gone for too long. Main thread only.
class Participant : public ParticipantMediaListener {
 public:
  Participant(Room& room, ParticipantId sid, JoinDetails details);  // `room` owns this
  ~Participant() override;

  // Once, right after the constructor.
  void set_media(std::unique_ptr<ParticipantMedia> media) { media_ = std::move(media); }

  Room& room() const { return *room_; }
  const ParticipantId& sid() const { return sid_; }
  // Clients that were moved come back as what they are now, or as what they joined as.
  bool was_told(const std::string& sid) const { return sid == sid_.value || sid == joined_as_; }
  const ParticipantIdentity& identity() const { return identity_; }
  const ::livekit::ClientInfo& client() const { return client_; }
  const ClientQuirks& quirks() const { return quirks_; }
  bool has_single_peer_connection() const { return single_peer_connection_; }
  // Kept current: name, metadata, attributes and grants.
  const livekit::Claims& claims() const { return claims_; }
  const livekit::VideoGrant& grant() const { return *claims_.grants.video; }
  ::livekit::ParticipantInfo info() const;
  uint32_t version() const { return version_; }

  bool is_hidden() const { return grant().hidden; }
  bool is_recorder() const;
  bool is_agent() const;
  // Its media is counted at its source, in another room.
  bool is_forwarded() const { return forwarded_; }
  // A recorder or an agent: does not count, and does not keep the room open.
  bool is_dependent() const { return is_recorder() || is_agent(); }
  bool is_publisher() const { return was_publisher_; }
  // The join response was sent, and the participant has not left.
  bool is_connected() const;
  bool is_active() const { return state_ == ::livekit::ParticipantInfo::ACTIVE; }
  // Was or is.
  bool was_active() const { return was_active_; }
  // v0: the subscriber connection is the first one, and it makes the participant active.
  bool is_subscriber_primary() const {
    return !single_peer_connection_ && quirks_.subscriber_primary && grant().may_subscribe();
  }
  Timestamp joined_at() const { return joined_; }
  // When its client asked; nullopt when it came in another way, from another room.
  std::optional<Timestamp> asked_at() const { return asked_; }
  bool auto_subscribes_data() const { return auto_subscribe_data_; }
  bool has_data_channels() const { return has_data_channels_; }

  Publications& publications() { return publications_; }
  const Publications& publications() const { return publications_; }
  Subscriptions& subscriptions() { return subscriptions_; }
  DataBlobs& data_blobs() { return data_blobs_; }
  const DataBlobs& data_blobs() const { return data_blobs_; }
  ParticipantMedia& media() { return *media_; }
  IceRoute& ice() { return ice_; }
  const IceRoute& ice() const { return ice_; }
  const SubscriptionPermissions& subscription_permissions() const { return permissions_; }

  // Signalling. Without a link everything sent is lost; updates are sent again on resume.
  void attach(SignalLink& link);
  void on_link_closed(const SignalLink& link);
  bool has_link() const { return link_ != nullptr; }
  std::optional<Timestamp> link_lost_at() const { return link_lost_at_; }
  void send(const ::livekit::SignalResponse& response);
  void send(const SignalMessage& message);
  // Only if the client knows an older state of `about`.
  bool wants_update(const ParticipantId& about, uint32_t version);
  void forget_version(const ParticipantId& about) { sent_versions_.erase(about); }
  // A failure, or a success where the client knows that.
  void respond(const ::livekit::RequestResponse& response);
  // Sends leave and gives the link away.
  void dismiss(const Leave& leave);
  // Its client comes back for another try to connect, or goes.
  void restart_media();
  // Closes the WebSocket without a word.
  void drop_link();

  void on_joined();   // after the join response
  void on_resumed();  // after the reconnect response
  void on_left(::livekit::DisconnectReason reason);
  // It goes to another room over the same connections: the old one is told that it is gone, and
  // then it is in the new one, with another sid.
  void on_moving();
  void enter(Room& room, ParticipantId sid);
  // A participant that is forwarded from another room: becomes what its source is.
  void mirror(const Participant& source);
  void mark_changed() { ++version_; }
  void mark_publisher() { was_publisher_ = true; }

  void handle_update_metadata(const ::livekit::UpdateParticipantMetadata& request);
  void handle_subscription_permission(const ::livekit::SubscriptionPermission& request);
  void handle_sync_state(const ::livekit::SyncState& state);
  void handle_leave(const ::livekit::LeaveRequest& request);
  // What its client joins with the next time; empty when nobody signs.
  std::string make_token() const;
  // Sends it, now and every five minutes from now.
  void send_refresh_token();
  // By an administrator.
  Result<void, ApiError> update(const ::livekit::UpdateParticipantRequest& request);

  ResumeFault fail_next_resume = ResumeFault::None;
  uint32_t last_data_sequence = 0;  // of reliable data packets, see DataRelay

  void on_ice_connected() override { ice_connected_ = true; }
  void on_media_connected() override;
  void on_media_failed() override;
  void on_data_channels_open() override;
  void on_data(DataChannelKind channel, ByteView message) override;
  void on_data_low(DataChannelKind channel) override;
  std::vector<UpstreamHint> upstream_hints() override { return publications_.hints(); }
  void on_upstream_tracks(const std::vector<UpstreamTrack>& tracks) override;
  void on_downstream_bound(const TrackId& track, const std::string& codec) override {
    subscriptions_.on_bound(track, codec);
  }
  void on_downstream_refused(const TrackId& track) override { subscriptions_.on_refused(track); }
  void on_negotiation_failed(const std::string& why) override;

 private:
  TooLong too_long(const std::string& name, const std::string& metadata,
                   const Attributes& changes) const;
  void apply_profile(const std::string& name, const std::string& metadata,
                     const Attributes& changes);
  // Whether others receive what it publishes is decided again.
  void reconcile_published();
  void set_permission(const ::livekit::ParticipantPermission& permission);
  void await_resume(Duration limit);

  Room* room_;  // which owns this
  ParticipantId sid_;
  const std::string joined_as_;  // the first sid
  const ParticipantIdentity identity_;
  livekit::Claims claims_;
  const ::livekit::ClientInfo client_;
  const ClientQuirks quirks_;
  const bool single_peer_connection_;
  const bool forwarded_;
  const bool auto_subscribe_data_;
  std::optional<Timestamp> asked_;
  Timestamp joined_;
  int64_t joined_unix_;  // microseconds

  ::livekit::ParticipantInfo::State state_ = ::livekit::ParticipantInfo::JOINING;
  ::livekit::DisconnectReason disconnect_reason_ = ::livekit::UNKNOWN_REASON;
  uint32_t version_ = 1;
  bool was_active_ = false;
  bool was_publisher_ = false;
  bool has_data_channels_ = false;
  bool ice_connected_ = false;  // once
  bool media_failed_ = false;

  SignalLink* link_ = nullptr;  // detaches itself before it is destroyed
  std::optional<Timestamp> link_lost_at_;
  std::map<ParticipantId, uint32_t> sent_versions_;
  SubscriptionPermissions permissions_;

  std::unique_ptr<Timer> join_limit_;
  std::unique_ptr<Timer> resume_limit_;
  std::unique_ptr<Timer> token_refresh_;

  Publications publications_;
  Subscriptions subscriptions_;
  DataBlobs data_blobs_;
  IceRoute ice_;
  std::unique_ptr<ParticipantMedia> media_;  // last, so that it goes first
};

}  // namespace gstlk::room
