// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/room_control.h"

#include <algorithm>

#include "livekit_room.pb.h"
#include "room/participant.h"
#include "room/room.h"
#include "room/room_presets.h"
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
// What it is, it is at its source.
Unexpected<ApiError> is_forwarded() {
  return refuse(ErrorCode::FailedPrecondition, "forwarded participants change with their source");
}

bool exceeds(size_t size, size_t limit) { return limit != 0 && size > limit; }

Result<void, ApiError> check_metadata(const std::string& metadata, const Limits& limits) {
  if (!exceeds(metadata.size(), limits.max_metadata_size)) return {};
  return refuse_size("metadata size exceeds limits", limits.max_metadata_size);
}

Result<void, ApiError> check_attributes(
    const google::protobuf::Map<std::string, std::string>& attributes, const Limits& limits) {
  size_t size = 0;
  for (const auto& [key, value] : attributes) size += key.size() + value.size();
  if (!exceeds(size, limits.max_attributes_size)) return {};
  return refuse_size("attribute size exceeds limits", limits.max_attributes_size);
}

Result<void, ApiError> check(const ::livekit::CreateRoomRequest& request, const Limits& limits) {
  // LiveKit makes a room without a name, which nobody can join.
  if (request.name().empty()) return refuse(ErrorCode::InvalidArgument, "no room name");
  if (exceeds(request.name().size(), limits.max_room_name_length))
    return refuse(ErrorCode::InvalidArgument, "room name length exceeds limits: max length " +
                                                  std::to_string(limits.max_room_name_length));
  if (auto checked = check_metadata(request.metadata(), limits); !checked) return checked;
  for (const ::livekit::RoomAgentDispatch& agent : request.agents()) {
    if (auto checked = check_metadata(agent.metadata(), limits); !checked) return checked;
    if (auto checked = check_attributes(agent.attributes(), limits); !checked) return checked;
  }
  return {};
}

Result<void, ApiError> check(const ::livekit::UpdateParticipantRequest& request,
                             const Limits& limits) {
  if (exceeds(request.name().size(), limits.max_participant_name_length))
    return refuse_size("name length exceeds limits", limits.max_participant_name_length);
  if (auto checked = check_metadata(request.metadata(), limits); !checked) return checked;
  return check_attributes(request.attributes(), limits);
}

Participant* find_participant(RoomRegistry& registry, const std::string& room,
                              const std::string& identity) {
  Room* found = registry.find(RoomName(room));
  return found ? found->find(ParticipantIdentity(identity)) : nullptr;
}

}  // namespace

Result<::livekit::Room, ApiError> RoomRegistry::create_room(
    const ::livekit::CreateRoomRequest& request) {
  if (request.has_egress())
    return refuse(ErrorCode::Internal, "egress not connected (redis required)");
  if (auto checked = check(request, settings_.limits); !checked)
    return Unexpected<ApiError>{checked.error()};
  ::livekit::CreateRoomRequest completed = request;
  if (!request.room_preset().empty()) {
    const auto preset = find_preset(settings_, request.room_preset());
    if (!preset) return refuse(ErrorCode::InvalidArgument, kUnknownPreset);
    fill_unset(completed, *preset);
  }
  if (load_.is_full()) return refuse(ErrorCode::Internal, "reached configured limit for node");
  const RoomName name(request.name());
  Room* room = find(name);
  const bool is_new = !room;
  if (is_new) room = &make(name);
  room->configure(is_new ? completed : request);
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
  if (auto checked = check_metadata(request.metadata(), settings_.limits); !checked)
    return Unexpected<ApiError>{checked.error()};
  Room* room = find(RoomName(request.room()));
  if (!room) return no_room();
  room->set_metadata(request.metadata());
  return room->info();
}

Result<::livekit::ListParticipantsResponse, ApiError> RoomRegistry::list_participants(
    const ::livekit::ListParticipantsRequest& request) {
  ::livekit::ListParticipantsResponse response;
  const Room* room = find(RoomName(request.room()));
  if (!room && settings_.list_needs_room) return no_room();
  if (room) {
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
  revoke_tokens(request, participant);
  if (!participant) return no_participant();
  participant->room().remove(*participant, {::livekit::PARTICIPANT_REMOVED});
  return {};
}

// Of somebody who is not there now, too: nothing else keeps them from coming back.
void RoomRegistry::revoke_tokens(const ::livekit::RoomParticipantIdentity& request,
                                 const Participant* participant) {
  // How long a token lasts when nobody says so, with LiveKit's SDKs.
  constexpr auto kLifetime = std::chrono::hours(6);
  using std::chrono::seconds;
  // Of this second too: which came first is not known.
  const seconds next{timers_.unix_micros() / 1'000'000 + 1};
  const seconds asked{request.revoke_token_ts()};
  const livekit::UnixTime before(revokes_tokens_ ? std::max(asked, next) : asked);
  if (before <= livekit::UnixTime{}) return;
  const RoomName room(request.room());
  // Not always the identity in the room: old clients add to it where they only publish.
  const ParticipantIdentity identity(participant ? participant->claims().grants.identity
                                                 : request.identity());
  const auto otherwise = participant ? participant->claims().expires_at : before + kLifetime;
  revocations_.revoke(room, identity, before,
                      revocations_.last_end(room, identity, before).value_or(otherwise));
}

Result<::livekit::MuteRoomTrackResponse, ApiError> RoomRegistry::mute_published_track(
    const ::livekit::MuteRoomTrackRequest& request) {
  Participant* participant = find_participant(*this, request.room(), request.identity());
  if (!participant) return no_participant();
  if (participant->is_forwarded()) return is_forwarded();
  if (!request.muted() && !settings_.enable_remote_unmute)
    return refuse(ErrorCode::FailedPrecondition, "remote unmute not enabled");
  Publications& publications = participant->publications();
  const TrackId sid(request.track_sid());
  const Publication* publication = publications.find(sid);
  if (!publication || !publication->is_published())
    return refuse(ErrorCode::NotFound, "track is not found");
  publications.mute(sid, request.muted());
  ::livekit::MuteRoomTrackResponse response;
  *response.mutable_track() = publication->info();
  return response;
}

Result<::livekit::ParticipantInfo, ApiError> RoomRegistry::update_participant(
    const ::livekit::UpdateParticipantRequest& request) {
  if (auto checked = check(request, settings_.limits); !checked)
    return Unexpected<ApiError>{checked.error()};
  Participant* participant = find_participant(*this, request.room(), request.identity());
  if (!participant) return no_participant();
  if (participant->is_forwarded()) return is_forwarded();
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
  if (!request.nonce().empty() && request.nonce().size() != kNonceSize)
    return refuse(ErrorCode::InvalidArgument, "nonce should be 16-bytes or not present, got: " +
                                                  std::to_string(request.nonce().size()) +
                                                  " bytes");
  Room* room = find(RoomName(request.room()));
  if (!room) return no_room();
  room->data().send(request);
  return {};
}

void RoomRegistry::perform_rpc(const ::livekit::PerformRpcRequest& request, RpcReply reply) {
  if (request.destination_identity().empty())
    return reply(refuse(ErrorCode::InvalidArgument, "destination identity is required"));
  Room* room = find(RoomName(request.room()));
  if (!room) return reply(no_room());
  Participant* participant = room->find(ParticipantIdentity(request.destination_identity()));
  if (!participant) return reply(no_participant());
  room->rpc().start(*participant, request,
                    [reply = std::move(reply)](Result<std::string, ApiError> payload) {
                      if (!payload) return reply(Unexpected<ApiError>{payload.error()});
                      ::livekit::PerformRpcResponse response;
                      response.set_payload(std::move(payload).value());
                      reply(std::move(response));
                    });
}

}  // namespace gstlk::room
