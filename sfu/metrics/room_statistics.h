// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

namespace gstlk::room {
class Room;
class RoomRegistry;
struct PipelineGraph;
}  // namespace gstlk::room

// What goes on in the rooms as JSON, for people and programs that ask for one room: figures with
// names in them, which have no place among metrics. Made from copies that the workers leave once a
// second (room/media_report.h); what is not asked for costs nothing. Bitrates are bits per second
// of payload, times milliseconds, losses 0 to 1; a round trip that is not known is null. Main
// thread only.
namespace gstlk::metrics {

struct ServerStatistics {
  std::string version;
  int64_t uptime = 0;  // seconds
};

// Where participants are, which is told to those alone who may see all of the server.
enum class Addresses : uint8_t { Hidden, Shown };

// The server and all rooms, each with its totals.
std::string print_rooms(room::RoomRegistry& rooms, const ServerStatistics& server);
// A room with its participants, their connections, tracks and subscriptions.
std::string print_room(room::Room& room, const ServerStatistics& server, Addresses addresses);
std::string print_graph(const room::PipelineGraph& graph);

}  // namespace gstlk::metrics
