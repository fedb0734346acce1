// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace gstlk::room {

// What signalling has done since the start, for those who count.
struct SignalTally {
  uint64_t requests = 0;
  uint64_t malformed_requests = 0;
  uint64_t responses = 0;
  uint64_t offers = 0;   // of the responses
  uint64_t answers = 0;  // likewise
  uint64_t refused_joins = 0;
};

}  // namespace gstlk::room
