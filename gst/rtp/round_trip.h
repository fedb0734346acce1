// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <optional>

#include "base/time.h"

namespace gstlk::rtp {

// Samples of a path's round trip: a mean that follows by an eighth (RFC 6298) and the least of the
// last 30 to 60 seconds. Not thread-safe.
class RoundTrip {
 public:
  void add(Duration sample, Timestamp now) {
    smoothed_ = smoothed_ ? *smoothed_ + (sample - *smoothed_) / 8 : sample;
    expire(now);
    current_ = std::min(current_, sample);
  }

  std::optional<Duration> smoothed() const { return smoothed_; }
  std::optional<Duration> minimum(Timestamp now) {
    expire(now);
    const Duration least = std::min(previous_, current_);
    return least == Duration::max() ? smoothed_ : std::optional(least);
  }

 private:
  static constexpr Duration kHalfWindow = 30s;

  void expire(Timestamp now) {
    if (now - half_began_ < kHalfWindow) return;
    previous_ = now - half_began_ < 2 * kHalfWindow ? current_ : Duration::max();
    current_ = Duration::max();
    half_began_ = now;
  }

  std::optional<Duration> smoothed_;
  Duration previous_ = Duration::max();
  Duration current_ = Duration::max();
  Timestamp half_began_;
};

}  // namespace gstlk::rtp
