// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string_view>

#include "livekit_models.pb.h"

namespace gstlk::signal {

// Fills browser and os of an SDK that runs in browsers from the User-Agent header, where the client
// did not say them itself. Knows the few that need special treatment; others stay empty.
void describe_browser(std::string_view user_agent, ::livekit::ClientInfo& client);

}  // namespace gstlk::signal
