// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "base/ids.h"
#include "config/config.h"
#include "livekit/access_token.h"
#include "room/settings.h"

namespace gstlk::signal {

// The ICE servers that one participant is told, of rtc.turn_servers, or else of rtc.stun_servers. A
// TURN server with a shared secret gets credentials that end (the "REST API" that coturn calls
// use-auth-secret). Left out on purpose: LiveKit's public STUN servers, which nobody configured.
std::vector<room::IceServer> ice_servers(const config::RtcConfig& config,
                                         const ParticipantId& participant, livekit::UnixTime now);

}  // namespace gstlk::signal
