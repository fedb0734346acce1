// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

namespace livekit {
class CreateRoomRequest;
class RoomConfiguration;
}  // namespace livekit

namespace gstlk::room {

struct Settings;

// Configurations that the operator has given names (room.room_configurations), for tokens and
// CreateRoom to ask for.

std::optional<::livekit::RoomConfiguration> find_preset(const Settings& settings,
                                                        const std::string& name);

// What `wanted` leaves unset is as `preset` says. Each field by itself, as at LiveKit.
void fill_unset(::livekit::CreateRoomRequest& wanted, const ::livekit::RoomConfiguration& preset);
void fill_unset(::livekit::RoomConfiguration& wanted, const ::livekit::RoomConfiguration& preset);

// LiveKit's words for a preset that there is none of.
inline constexpr char kUnknownPreset[] = "unknown room configuration in create room request";

}  // namespace gstlk::room
