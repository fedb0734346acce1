// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>

#include "base/result.h"
#include "room/errors.h"

namespace livekit {
class CreateRoomRequest;
class DeleteRoomRequest;
class ForwardParticipantRequest;
class ListParticipantsRequest;
class ListParticipantsResponse;
class ListRoomsRequest;
class ListRoomsResponse;
class MoveParticipantRequest;
class MuteRoomTrackRequest;
class MuteRoomTrackResponse;
class ParticipantInfo;
class PerformRpcRequest;
class PerformRpcResponse;
class Room;
class RoomParticipantIdentity;
class SendDataRequest;
class UpdateParticipantRequest;
class UpdateRoomMetadataRequest;
class UpdateSubscriptionsRequest;
}  // namespace livekit

namespace gstlk::room {

// What LiveKit's RoomService asks of the rooms, after the caller's grants were checked. Implemented
// by RoomRegistry. Main thread only.
class RoomControl {
 public:
  virtual ~RoomControl() = default;

  // Creates the room, or changes the one that exists where the request has values.
  virtual Result<::livekit::Room, ApiError> create_room(
      const ::livekit::CreateRoomRequest& request) = 0;
  virtual Result<::livekit::ListRoomsResponse, ApiError> list_rooms(
      const ::livekit::ListRoomsRequest& request) = 0;
  virtual Result<void, ApiError> delete_room(const ::livekit::DeleteRoomRequest& request) = 0;
  virtual Result<::livekit::Room, ApiError> update_room_metadata(
      const ::livekit::UpdateRoomMetadataRequest& request) = 0;

  virtual Result<::livekit::ListParticipantsResponse, ApiError> list_participants(
      const ::livekit::ListParticipantsRequest& request) = 0;
  virtual Result<::livekit::ParticipantInfo, ApiError> get_participant(
      const ::livekit::RoomParticipantIdentity& request) = 0;
  virtual Result<void, ApiError> remove_participant(
      const ::livekit::RoomParticipantIdentity& request) = 0;
  virtual Result<::livekit::MuteRoomTrackResponse, ApiError> mute_published_track(
      const ::livekit::MuteRoomTrackRequest& request) = 0;
  virtual Result<::livekit::ParticipantInfo, ApiError> update_participant(
      const ::livekit::UpdateParticipantRequest& request) = 0;
  virtual Result<void, ApiError> update_subscriptions(
      const ::livekit::UpdateSubscriptionsRequest& request) = 0;
  virtual Result<void, ApiError> send_data(const ::livekit::SendDataRequest& request) = 0;
  // To another room, over the connections that it has; the room is made as by a join.
  virtual Result<void, ApiError> move_participant(
      const ::livekit::MoveParticipantRequest& request) = 0;
  // Into another room as well; the room is made as by a join.
  virtual Result<void, ApiError> forward_participant(
      const ::livekit::ForwardParticipantRequest& request) = 0;
  // Answers when the participant has, or when it is too late.
  using RpcReply = std::function<void(Result<::livekit::PerformRpcResponse, ApiError> response)>;
  virtual void perform_rpc(const ::livekit::PerformRpcRequest& request, RpcReply reply) = 0;
};

}  // namespace gstlk::room
