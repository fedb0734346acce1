// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/config.h"
#include "doctor/finding.h"

namespace gstlk::doctor {

// What the caller knows of the media plane.
struct MediaNeeds {
  uint64_t socket_buffer = 0;  // bytes that each socket asks for, in both directions
  unsigned workers = 1;
};

// Looks at this machine as one that is to run with `config`; ports are listened on for a moment,
// STUN servers are asked if the daemon would. Main thread only.
Findings examine(const config::Config& config, const MediaNeeds& needs);

}  // namespace gstlk::doctor
