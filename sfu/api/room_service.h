// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace gstlk::room {
class RoomControl;
}  // namespace gstlk::room

namespace gstlk::api {

class TwirpServer;

// livekit.RoomService: looks at the caller's grants and leaves the rest to the rooms, which outlive
// the server.
void add_room_service(TwirpServer& server, room::RoomControl& rooms);

}  // namespace gstlk::api
