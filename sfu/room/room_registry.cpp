// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/room_registry.h"

#include <algorithm>
#include <utility>

#include "livekit_room.pb.h"
#include "room/leave.h"
#include "room/log.h"
#include "room/participant.h"
#include "room/room.h"

namespace gstlk::room {
namespace {

constexpr Duration kIdleCheck = 1s;

}  // namespace

RoomRegistry::RoomRegistry(Settings settings, Timers& timers, RandomSource random,
                           RoomMediaFactory media)
    : settings_(std::move(settings)),
      timers_(timers),
      random_(random),
      media_(std::move(media)),
      forwards_(*this, timers),
      load_(settings_.limits, timers, settings_.media_bytes) {
  listeners_.add(forwards_);
  listeners_.add(load_);
}

RoomRegistry::~RoomRegistry() = default;

Room* RoomRegistry::find(const RoomName& name) {
  const auto found = rooms_.find(name);
  return found == rooms_.end() ? nullptr : found->second.get();
}

void RoomRegistry::for_each_room(const std::function<void(Room&)>& visit) const {
  for (const auto& [name, room] : rooms_) visit(*room);
}

Room& RoomRegistry::find_or_create(const RoomName& name,
                                   const ::livekit::RoomConfiguration* configuration) {
  if (Room* room = find(name)) return *room;
  Room& room = make(name);
  if (configuration) room.configure(*configuration);
  listeners_.tell(&RoomListener::on_room_started, std::as_const(room));
  return room;
}

Room& RoomRegistry::make(const RoomName& name) {
  LOG_INFO(log_room, "%s: created", name.value.c_str());
  auto& room = rooms_[name] =
      std::make_unique<Room>(name, settings_, timers_, random_, media_(name), listeners_);
  if (!idle_check_) idle_check_ = timers_.call_later(kIdleCheck, [this] { close_idle_rooms(); });
  return *room;
}

void RoomRegistry::close(std::unique_ptr<Room> room, const Leave& leave) {
  room->close(leave);
  listeners_.tell(&RoomListener::on_room_finished, std::as_const(*room));
  bury(std::move(room));
}

void RoomRegistry::close_idle_rooms() {
  idle_check_.reset();
  for (auto it = rooms_.begin(); it != rooms_.end();) {
    const auto here = it++;
    if (!here->second->is_expired(timers_.now())) continue;
    LOG_INFO(log_room, "%s: closed, nobody is there", here->first.value.c_str());
    std::unique_ptr<Room> room = std::move(here->second);
    rooms_.erase(here);
    close(std::move(room), {::livekit::ROOM_CLOSED});
  }
  if (!rooms_.empty()) idle_check_ = timers_.call_later(kIdleCheck, [this] { close_idle_rooms(); });
}

void RoomRegistry::bury(std::unique_ptr<Room> room) {
  buried_.push_back(std::move(room));
  if (burial_) return;
  burial_ = timers_.call_later(0us, [this] {
    burial_.reset();
    buried_.clear();
  });
}

void RoomRegistry::announce_candidates() {
  for_each_room([](Room& room) {
    room.for_each_participant(
        [](Participant& participant) { participant.media().announce_candidates(); });
  });
}

void RoomRegistry::shut_down() {
  for (auto& [name, room] : std::exchange(rooms_, {}))
    close(std::move(room), {::livekit::SERVER_SHUTDOWN});
  idle_check_.reset();
}

bool RoomRegistry::has_participants() const {
  return std::ranges::any_of(rooms_,
                             [](const auto& entry) { return entry.second->has_participants(); });
}

}  // namespace gstlk::room
