// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/room_presets.h"

#include "livekit/messages.h"
#include "livekit_room.pb.h"
#include "room/settings.h"

namespace gstlk::room {
namespace {

template <class Message>
void fill(Message& wanted, const ::livekit::RoomConfiguration& preset) {
  if (wanted.empty_timeout() == 0) wanted.set_empty_timeout(preset.empty_timeout());
  if (wanted.departure_timeout() == 0) wanted.set_departure_timeout(preset.departure_timeout());
  if (wanted.max_participants() == 0) wanted.set_max_participants(preset.max_participants());
  if (wanted.min_playout_delay() == 0) wanted.set_min_playout_delay(preset.min_playout_delay());
  if (wanted.max_playout_delay() == 0) wanted.set_max_playout_delay(preset.max_playout_delay());
  if (!wanted.sync_streams()) wanted.set_sync_streams(preset.sync_streams());
  if (wanted.metadata().empty()) wanted.set_metadata(preset.metadata());
  if (wanted.agents().empty()) *wanted.mutable_agents() = preset.agents();
  if (!wanted.has_egress() && preset.has_egress()) *wanted.mutable_egress() = preset.egress();
}

}  // namespace

std::optional<::livekit::RoomConfiguration> find_preset(const Settings& settings,
                                                        const std::string& name) {
  const auto found = settings.room_configurations.find(name);
  ::livekit::RoomConfiguration preset;
  if (found == settings.room_configurations.end() || !livekit::from_json(found->second, preset))
    return std::nullopt;
  return preset;
}

void fill_unset(::livekit::CreateRoomRequest& wanted, const ::livekit::RoomConfiguration& preset) {
  fill(wanted, preset);
}

void fill_unset(::livekit::RoomConfiguration& wanted, const ::livekit::RoomConfiguration& preset) {
  fill(wanted, preset);
}

}  // namespace gstlk::room
