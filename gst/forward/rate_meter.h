// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace gstlk::forward {

// Bits per second over the last second, in steps of 100 ms. Not thread-safe.
class RateMeter {
 public:
  void add(size_t bytes, Timestamp now);
  Bitrate rate(Timestamp now) const;

 private:
  static constexpr Duration kStep = 100ms;
  static constexpr int64_t kSteps = 10;

  static int64_t step_of(Timestamp time) { return time.time_since_epoch() / kStep; }

  std::array<uint32_t, kSteps> bytes_{};
  int64_t step_ = INT64_MIN / 2;  // the one that bytes are added to now
};

}  // namespace gstlk::forward
