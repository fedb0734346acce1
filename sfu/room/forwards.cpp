// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/forwards.h"

#include <algorithm>
#include <string>
#include <utility>

#include "room/forwarded_media.h"
#include "room/log.h"
#include "room/participant.h"
#include "room/room.h"
#include "room/room_registry.h"

namespace gstlk::room {
namespace {

constexpr char kForwarded[] = "forwarded";

JoinDetails details_of(const Participant& source, const RoomName& to) {
  JoinDetails details{.identity = source.identity(),
                      .claims = source.claims(),
                      .client = source.client(),
                      .auto_subscribe = false,
                      .forwarded = true};
  livekit::Grants& grants = details.claims.grants;
  grants.kind_details.emplace_back(kForwarded);
  grants.video->room = to.value;
  grants.video->room_admin = false;
  grants.video->can_subscribe = false;
  return details;
}

}  // namespace

Participant* Forwards::find(const Place& place) const {
  Room* room = rooms_.find(place.room);
  return room ? room->find(place.sid) : nullptr;
}

Result<void, ApiError> Forwards::check(const Participant& source) const {
  using Info = ::livekit::ParticipantInfo;
  if (source.is_forwarded())
    return refuse(ErrorCode::FailedPrecondition, "forwarded participants cannot be forwarded");
  if (source.is_hidden() || source.info().kind() == Info::EGRESS)
    return refuse(ErrorCode::FailedPrecondition,
                  "hidden and EGRESS participants cannot be forwarded");
  return {};
}

void Forwards::start(Participant& source, Room& to) {
  LOG_INFO(log_room, "%s: %s is forwarded to %s", source.room().name().value.c_str(),
           source.identity().value.c_str(), to.name().value.c_str());
  const Place from{source.room().name(), source.sid()};
  Participant& target = to.add_forwarded(
      details_of(source, to.name()),
      std::make_unique<ForwardedMedia>([this, from] { return find(from); }, to.media()));
  forwarded_[source.sid()].push_back({to.name(), target.sid()});
  mirror(source);
}

void Forwards::mirror(Participant& source) {
  const auto places = forwarded_.find(source.sid());
  if (places == forwarded_.end()) return;
  const Place from{source.room().name(), source.sid()};
  for (const Place& place : places->second) {
    Participant* target = find(place);
    if (!target) continue;
    target->mirror(source);
    target->publications().mirror(source.publications(), [this, from](const TrackId& track) {
      Participant* owner = find(from);
      return owner ? owner->publications().find(track) : nullptr;
    });
  }
}

void Forwards::on_participant_changed(const Participant& participant) {
  if (!forwarded_.contains(participant.sid())) return;
  changed_[participant.sid()] = participant.room().name();
  if (!turn_) turn_ = timers_.call_later(0us, [this] { settle(); });
}

void Forwards::on_participant_left(const Participant& participant) {
  if (participant.is_forwarded()) {
    for (auto& [source, places] : forwarded_)
      std::erase_if(places, [&](const Place& place) { return place.sid == participant.sid(); });
    std::erase_if(forwarded_, [](const auto& entry) { return entry.second.empty(); });
  }
  auto node = forwarded_.extract(participant.sid());
  if (!node) return;
  std::ranges::move(node.mapped(), std::back_inserter(ended_));
  if (!turn_) turn_ = timers_.call_later(0us, [this] { settle(); });
}

void Forwards::settle() {
  turn_.reset();
  for (const Place& place : std::exchange(ended_, {})) {
    if (Participant* target = find(place))
      target->room().remove(*target, {::livekit::CLIENT_INITIATED});
  }
  for (const auto& [sid, room] : std::exchange(changed_, {})) {
    if (Participant* source = find({room, sid})) mirror(*source);
  }
}

}  // namespace gstlk::room
