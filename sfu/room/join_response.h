// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "livekit_rtc.pb.h"

namespace gstlk::room {

class Participant;
struct Settings;

// The newest version of the signalling protocol that is spoken here.
inline constexpr int kProtocol = 17;

// The first message to a participant that joined.
::livekit::SignalResponse join_response(const Participant& participant);
// The first message to one that came back.
::livekit::SignalResponse reconnect_response(const Participant& participant);

// What clients and workers are told of this server.
::livekit::ServerInfo server_info(const Settings& settings);

}  // namespace gstlk::room
