// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "turn/turn_settings.h"

namespace gstlk::turn {

// In the folder, if needs_certificate().
inline constexpr char kThrowawayCertificate[] = "/throwaway.pem";
// Whether coturn needs one that nobody sees.
inline bool needs_certificate(const TurnSettings& settings) {
  return settings.external_tls && settings.tls_port != 0 && settings.udp_port != 0;
}

// The text of turnserver's configuration file. It holds the secret. What coturn keeps goes to
// `folder`. Realm and quota are LiveKit's; credentials are those of TURN's "REST API"
// (use-auth-secret): they end at the time in the user name, which is only asked when an allocation
// is made, so that a call outlives them.
std::string coturn_config(const TurnSettings& settings, const std::string& folder);

}  // namespace gstlk::turn
