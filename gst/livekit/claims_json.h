// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include "livekit/access_token.h"
#include "livekit/json.h"

// The payload of an access token: claims by their names in the JSON.
namespace gstlk::livekit {

// nullopt when a claim has another type than it should.
std::optional<Claims> read_claims(JsonObject* payload);

JsonPtr write_claims(const Claims& claims);

}  // namespace gstlk::livekit
