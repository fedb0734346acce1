// SPDX-License-Identifier: LGPL-2.1-or-later
#include <utility>

#include "livekit_room.pb.h"
#include "room/log.h"
#include "room/participant.h"
#include "room/room.h"
#include "room/room_registry.h"
#include "room/sids.h"

// MoveParticipant, which LiveKit's own server leaves to its cloud: a participant goes to another
// room over the connections it has. The old room sees it leave and the new one sees it join; its
// client gets RoomMoved, with the new room, who is there, and the token to come back with.
// ForwardParticipant, its sister, is `forwards.h`.
namespace gstlk::room {
namespace {

constexpr uint32_t kMovableProtocol = 16;  // knows RoomMoved

::livekit::SignalResponse moved_message(Participant& participant) {
  const Room& room = participant.room();
  ::livekit::SignalResponse response;
  ::livekit::RoomMovedResponse& moved = *response.mutable_room_moved();
  *moved.mutable_room() = room.info();
  moved.set_token(participant.make_token());
  *moved.mutable_participant() = participant.info();
  room.for_each_participant([&](Participant& other) {
    if (&other == &participant || other.is_hidden() || !other.is_connected()) return;
    (void)participant.wants_update(other.sid(), other.version());
    *moved.add_other_participants() = other.info();
  });
  return response;
}

}  // namespace

bool Room::is_full_for(const Participant& participant) const {
  return is_full(find(participant.identity()), participant.is_dependent());
}

std::unique_ptr<Participant> Room::let_go(Participant& participant) {
  participant.subscriptions().end_all();
  std::unique_ptr<Participant> owned =
      std::move(participants_.extract(participant.identity()).mapped());
  by_sid_.erase(participant.sid());
  participant.publications().leave_room();
  participant.on_moving();
  reports_.forget(participant.sid());
  rpc_.forget(participant.sid());
  data_.forget(participant.sid());
  // Whom it waited for is not in its new room.
  participant.media().hold_data(false);
  updates_.announce(participant, Urgency::Now);
  after_departure(participant);
  return owned;
}

void Room::take_over(Participant& participant) {
  if (Participant* old = find(participant.identity()))
    remove(*old, {::livekit::DUPLICATE_IDENTITY});
  Room& from = participant.room();
  LOG_INFO(log_room, "%s: %s moves to %s", from.name().value.c_str(),
           participant.identity().value.c_str(), name_.value.c_str());
  const auto luggage = from.data_tracks_.take(participant);
  std::unique_ptr<Participant> owned = from.let_go(participant);
  participant.enter(*this, ParticipantId(make_sid("PA_", random_)));
  by_sid_[participant.sid()] = &participant;
  participants_[participant.identity()] = std::move(owned);
  data_tracks_.adopt(participant, luggage);
  if (!participant.is_dependent()) was_used_ = true;
  participant.media().move_to(*media_);
  participant.send(moved_message(participant));
  // LiveKit's Rust engine comes back with the token of a refresh_token alone, not with RoomMoved's.
  participant.send_refresh_token();
  updates_.announce(participant, Urgency::Now);
  if (participant.is_recorder() && !std::exchange(active_recording_, true)) send_room_update();
  counts_changed();
  listeners_.tell(&RoomListener::on_participant_joined, std::as_const(participant));
  listeners_.tell(&RoomListener::on_participant_active, std::as_const(participant));
  participant.publications().enter_room();
  participant.subscriptions().reconcile_all();
  data_tracks_.on_adopted(participant);
}

Result<void, ApiError> RoomRegistry::move_participant(
    const ::livekit::MoveParticipantRequest& request) {
  using Info = ::livekit::ParticipantInfo;
  Room* from = find(RoomName(request.room()));
  if (!from) return refuse(ErrorCode::NotFound, "requested room does not exist");
  Participant* participant = from->find(ParticipantIdentity(request.identity()));
  if (!participant) return refuse(ErrorCode::NotFound, "participant does not exist");
  if (participant->client().protocol() < static_cast<int>(kMovableProtocol))
    return refuse(ErrorCode::FailedPrecondition,
                  "participant client version does not support moving");
  if (const auto kind = participant->info().kind(); kind == Info::EGRESS || kind == Info::AGENT)
    return refuse(ErrorCode::FailedPrecondition,
                  Info::Kind_Name(kind) + " participants cannot be moved");
  // Its client would not hear of it.
  if (!participant->is_active() || !participant->has_link())
    return refuse(ErrorCode::FailedPrecondition, "participant is not connected");
  const auto to = find_destination(request.destination_room(), *participant);
  if (!to) return Unexpected<ApiError>{to.error()};
  (*to)->take_over(*participant);
  return {};
}

Result<void, ApiError> RoomRegistry::forward_participant(
    const ::livekit::ForwardParticipantRequest& request) {
  Room* from = find(RoomName(request.room()));
  if (!from) return refuse(ErrorCode::NotFound, "requested room does not exist");
  Participant* participant = from->find(ParticipantIdentity(request.identity()));
  if (!participant) return refuse(ErrorCode::NotFound, "participant does not exist");
  if (auto checked = forwards_.check(*participant); !checked) return checked;
  const auto to = find_destination(request.destination_room(), *participant);
  if (!to) return Unexpected<ApiError>{to.error()};
  forwards_.start(*participant, **to);
  return {};
}

Result<Room*, ApiError> RoomRegistry::find_destination(const std::string& destination,
                                                       const Participant& participant) {
  const RoomName name(destination);
  Room* to = find(name);
  if (to && to->is_full_for(participant))
    return refuse(ErrorCode::ResourceExhausted, "destination room is full");
  if (to) return to;
  if (!settings_.auto_create) return refuse(ErrorCode::NotFound, "destination room does not exist");
  const size_t limit = settings_.limits.max_room_name_length;
  if (name.value.empty()) return refuse(ErrorCode::InvalidArgument, "no room name");
  if (limit != 0 && name.value.size() > limit)
    return refuse(ErrorCode::InvalidArgument, "room name length exceeds limits");
  return &find_or_create(name, nullptr);
}

}  // namespace gstlk::room
