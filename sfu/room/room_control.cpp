// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/room_control.h"

#include <algorithm>

#include "livekit/messages.h"
#include "livekit_room.pb.h"
#include "room/participant.h"
#include "room/room.h"
#include "room/room_registry.h"

// RoomRegistry's half that administrators use.
namespace gstlk::room {
namespace {

constexpr size_t kNonceSize = 16;

Unexpected<ApiError> no_room() {
  return refuse(ErrorCode::NotFound, "requested room does not exist");
}
Unexpected<ApiError> no_participant() {
  return refuse(ErrorCode::NotFound, "participant does not exist");
}

bool exceeds(const std::string& text, size_t limit) { return limit != 0 && text.size() > limit; }

Participant* find_participant(RoomRegistry& registry, const std::string& room,
                              const std::string& identity) {
  Room* found = registry.find(RoomName(room));
  return found ? found->find(ParticipantIdentity(identity)) : nullptr;
}

}  // namespace

Result<::livekit::Room, ApiError> RoomRegistry::create_room(
    const ::livekit::CreateRoomRequest& request) {
  if (request.name().empty()) return refuse(ErrorCode::InvalidArgument, "room name is required");
  if (exceeds(request.name(), settings_.limits.max_room_name_length))
    return refuse(ErrorCode::InvalidArgument, "room name exceeds size limits");
  if (exceeds(request.metadata(), settings_.limits.max_metadata_size))
    return refuse(ErrorCode::InvalidArgument, "metadata exceeds size limits");
  ::livekit::RoomConfiguration preset;
  if (!request.room_preset().empty()) {
    const auto found = settings_.room_configurations.find(request.room_preset());
    if (found == settings_.room_configurations.end() || !livekit::from_json(found->second, preset))
      return refuse(ErrorCode::InvalidArgument, "unknown room preset " + request.room_preset());
  }
  const RoomName name(request.name());
  Room* room = find(name);
  const bool is_new = !room;
  if (is_new) {
    room = &make(name);
    room->configure(preset);
  }
  room->configure(request);
  if (is_new) listeners_.tell(&RoomListener::on_room_started, std::as_const(*room));
  return room->info();
}

Result<::livekit::ListRoomsResponse, ApiError> RoomRegistry::list_rooms(
    const ::livekit::ListRoomsRequest& request) {
  ::livekit::ListRoomsResponse response;
  for (const auto& [name, room] : rooms_) {
    if (request.names().empty() || std::ranges::count(request.names(), name.value) != 0)
      *response.add_rooms() = room->info();
  }
  return response;
}

Result<void, ApiError> RoomRegistry::delete_room(const ::livekit::DeleteRoomRequest& request) {
  const auto found = rooms_.find(RoomName(request.room()));
  if (found == rooms_.end()) return no_room();
  std::unique_ptr<Room> room = std::move(found->second);
  rooms_.erase(found);
  close(std::move(room), {::livekit::ROOM_DELETED});
  return {};
}

Result<::livekit::Room, ApiError> RoomRegistry::update_room_metadata(
    const ::livekit::UpdateRoomMetadataRequest& request) {
  if (exceeds(request.metadata(), settings_.limits.max_metadata_size))
    return refuse(ErrorCode::InvalidArgument, "metadata exceeds size limits");
  Room* room = find(RoomName(request.room()));
  if (!room) return no_room();
  room->set_metadata(request.metadata());
  return room->info();
}

Result<::livekit::ListParticipantsResponse, ApiError> RoomRegistry::list_participants(
    const ::livekit::ListParticipantsRequest& request) {
  ::livekit::ListParticipantsResponse response;
  if (Room* room = find(RoomName(request.room()))) {
    room->for_each_participant(
        [&](Participant& participant) { *response.add_participants() = participant.info(); });
  }
  return response;
}

Result<::livekit::ParticipantInfo, ApiError> RoomRegistry::get_participant(
    const ::livekit::RoomParticipantIdentity& request) {
  const Participant* participant = find_participant(*this, request.room(), request.identity());
  if (!participant) return no_participant();
  return participant->info();
}

Result<void, ApiError> RoomRegistry::remove_participant(
    const ::livekit::RoomParticipantIdentity& request) {
  Participant* participant = find_participant(*this, request.room(), request.identity());
  if (!participant) return no_participant();
  participant->room().remove(*participant, {::livekit::PARTICIPANT_REMOVED});
  return {};
}

Result<::livekit::MuteRoomTrackResponse, ApiError> RoomRegistry::mute_published_track(
    const ::livekit::MuteRoomTrackRequest& request) {
  Participant* participant = find_participant(*this, request.room(), request.identity());
  if (!participant) return no_participant();
  Publications& publications = participant->publications();
  const TrackId sid(request.track_sid());
  const Publication* publication = publications.find(sid);
  if (!publication || !publication->is_published())
    return refuse(ErrorCode::NotFound, "track is not found");
  if (!request.muted() && publication->info().muted() && !settings_.enable_remote_unmute)
    return refuse(ErrorCode::FailedPrecondition, "remote unmute not enabled");
  publications.mute(sid, request.muted());
  ::livekit::MuteRoomTrackResponse response;
  *response.mutable_track() = publication->info();
  return response;
}

Result<::livekit::ParticipantInfo, ApiError> RoomRegistry::update_participant(
    const ::livekit::UpdateParticipantRequest& request) {
  Participant* participant = find_participant(*this, request.room(), request.identity());
  if (!participant) return no_participant();
  if (auto updated = participant->update(request); !updated)
    return Unexpected<ApiError>{updated.error()};
  return participant->info();
}

Result<void, ApiError> RoomRegistry::update_subscriptions(
    const ::livekit::UpdateSubscriptionsRequest& request) {
  Participant* participant = find_participant(*this, request.room(), request.identity());
  if (!participant) return no_participant();
  ::livekit::UpdateSubscription update;
  *update.mutable_track_sids() = request.track_sids();
  *update.mutable_participant_tracks() = request.participant_tracks();
  update.set_subscribe(request.subscribe());
  participant->subscriptions().handle_update(update);
  return {};
}

Result<void, ApiError> RoomRegistry::send_data(const ::livekit::SendDataRequest& request) {
  Room* room = find(RoomName(request.room()));
  if (!room) return no_room();
  if (!request.nonce().empty() && request.nonce().size() != kNonceSize)
    return refuse(ErrorCode::InvalidArgument, "nonce should be 16-bytes or not present");
  room->data().send(request);
  return {};
}

}  // namespace gstlk::room
