// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/ids.h"
#include "config/config.h"
#include "livekit/access_token.h"
#include "room/settings.h"

namespace gstlk::signal {

// The TURN server that this process runs, if it does.
struct OwnTurn {
  std::vector<std::string> plain_urls;  // turn:
  std::vector<std::string> tls_urls;    // turns:
  std::string secret;
  std::chrono::seconds ttl{300};
};

// The ICE servers that one participant is told: our own, those of rtc.turn_servers and of
// rtc.stun_servers. A TURN server with a shared secret gets credentials that end (the "REST API"
// that coturn calls use-auth-secret). With `tls_only` just those over TLS, for a client whose other
// connections failed. Left out on purpose: LiveKit's public STUN servers, which nobody configured.
std::vector<room::IceServer> ice_servers(const OwnTurn& own, const config::RtcConfig& config,
                                         const ParticipantId& participant, livekit::UnixTime now,
                                         bool tls_only = false);
// Whether there would be any with `tls_only`.
bool has_tls(const OwnTurn& own, const config::RtcConfig& config);

}  // namespace gstlk::signal
