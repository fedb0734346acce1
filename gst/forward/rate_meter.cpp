// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/rate_meter.h"

#include <algorithm>

namespace gstlk::forward {

void RateMeter::add(size_t bytes, Timestamp now) {
  const int64_t step = std::max(step_of(now), step_);
  for (int64_t i = std::max(step_ + 1, step - kSteps + 1); i <= step; ++i)
    bytes_[static_cast<uint64_t>(i) % kSteps] = 0;
  step_ = step;
  bytes_[static_cast<uint64_t>(step) % kSteps] += static_cast<uint32_t>(bytes);
}

Bitrate RateMeter::rate(Timestamp now) const {
  uint64_t sum = 0;
  const int64_t oldest = step_of(now) - kSteps + 1;
  for (int64_t i = std::max(oldest, step_ - kSteps + 1); i <= step_; ++i)
    sum += bytes_[static_cast<uint64_t>(i) % kSteps];
  return Bitrate{sum * 8};
}

}  // namespace gstlk::forward
