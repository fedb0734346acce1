// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "room/forwards.h"
#include "room/media.h"
#include "room/node_load.h"
#include "room/revocations.h"
#include "room/room_control.h"
#include "room/room_listener.h"
#include "room/settings.h"
#include "room/signal_tally.h"
#include "room/timers.h"

namespace livekit {
class RoomConfiguration;
}

namespace gstlk::room {

struct Leave;
class Participant;
class Room;

// All rooms of this node by name: made by the first join or by CreateRoom, closed when they have
// been empty for long enough or are deleted. Main thread only.
class RoomRegistry : public RoomControl {
 public:
  // `timers` outlives the registry.
  RoomRegistry(Settings settings, Timers& timers, RandomSource random, RoomMediaFactory media);
  ~RoomRegistry() override;

  // Of every room that is made from now on; `listener` outlives the registry.
  void add_listener(RoomListener& listener) { listeners_.add(listener); }

  Room* find(const RoomName& name);
  // Must not make or close rooms.
  void for_each_room(const std::function<void(Room&)>& visit) const;
  // The room of that name, made if it is not there. `configuration` (of the token) applies only
  // when it is made; may be null.
  Room& find_or_create(const RoomName& name, const ::livekit::RoomConfiguration* configuration);

  // Media can be reached at other addresses than before: who has not got through learns of them.
  void announce_candidates();
  // Every participant gets leave{SERVER_SHUTDOWN}; no room is left.
  void shut_down();
  // True while somebody other than a recorder or agent is connected: what draining waits for.
  bool has_participants() const;

  // From now on whoever is removed by the API has to be given a new token to come back.
  void revoke_tokens_of_removed() { revokes_tokens_ = true; }
  Revocations& revocations() { return revocations_; }

  const NodeLoad& load() const { return load_; }
  SignalTally& tally() { return tally_; }

  const Settings& settings() const { return settings_; }
  Timers& timers() { return timers_; }

  Result<::livekit::Room, ApiError> create_room(
      const ::livekit::CreateRoomRequest& request) override;
  Result<::livekit::ListRoomsResponse, ApiError> list_rooms(
      const ::livekit::ListRoomsRequest& request) override;
  Result<void, ApiError> delete_room(const ::livekit::DeleteRoomRequest& request) override;
  Result<::livekit::Room, ApiError> update_room_metadata(
      const ::livekit::UpdateRoomMetadataRequest& request) override;
  Result<::livekit::ListParticipantsResponse, ApiError> list_participants(
      const ::livekit::ListParticipantsRequest& request) override;
  Result<::livekit::ParticipantInfo, ApiError> get_participant(
      const ::livekit::RoomParticipantIdentity& request) override;
  Result<void, ApiError> remove_participant(
      const ::livekit::RoomParticipantIdentity& request) override;
  Result<::livekit::MuteRoomTrackResponse, ApiError> mute_published_track(
      const ::livekit::MuteRoomTrackRequest& request) override;
  Result<::livekit::ParticipantInfo, ApiError> update_participant(
      const ::livekit::UpdateParticipantRequest& request) override;
  Result<void, ApiError> update_subscriptions(
      const ::livekit::UpdateSubscriptionsRequest& request) override;
  Result<void, ApiError> send_data(const ::livekit::SendDataRequest& request) override;
  Result<void, ApiError> move_participant(
      const ::livekit::MoveParticipantRequest& request) override;
  Result<void, ApiError> forward_participant(
      const ::livekit::ForwardParticipantRequest& request) override;
  void perform_rpc(const ::livekit::PerformRpcRequest& request, RpcReply reply) override;

 private:
  // Where a participant is to go; made if need be.
  Result<Room*, ApiError> find_destination(const std::string& name, const Participant& participant);
  void revoke_tokens(const ::livekit::RoomParticipantIdentity& request,
                     const Participant* participant);
  // Without telling anybody: it is not configured yet.
  Room& make(const RoomName& name);
  void close(std::unique_ptr<Room> room, const Leave& leave);
  void close_idle_rooms();
  void bury(std::unique_ptr<Room> room);

  const Settings settings_;
  Timers& timers_;
  RandomSource random_;
  RoomMediaFactory media_;
  Forwards forwards_;
  NodeLoad load_;
  SignalTally tally_;
  RoomListeners listeners_;
  Revocations revocations_;
  bool revokes_tokens_ = false;
  std::map<RoomName, std::unique_ptr<Room>> rooms_;
  // Closed rooms, freed on the next turn of the loop because their own callbacks may be running.
  std::vector<std::unique_ptr<Room>> buried_;
  std::unique_ptr<Timer> burial_;
  std::unique_ptr<Timer> idle_check_;
};

}  // namespace gstlk::room
