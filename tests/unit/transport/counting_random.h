// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <span>

namespace gstlk::transport {

// A RandomSource that never gives the same byte pattern twice within a test and is the same in
// every run.
inline void counting_random(std::span<uint8_t> out) {
  static uint64_t state = 1;
  for (uint8_t& byte : out) {
    state = state * 6364136223846793005 + 1442695040888963407;
    byte = static_cast<uint8_t>(state >> 56);
  }
}

}  // namespace gstlk::transport
