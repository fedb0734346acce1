// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

namespace livekit {
class MetricsBatch;
}

namespace gstlk::room {

// Puts what a client measured on the server's clock: the batch that was quickest of the last minute
// or two tells how far the client's clock is away, less the way here, which nobody knows apart. Not
// thread-safe.
class MetricsClock {
 public:
  // Fills in every normalized timestamp of a batch that came at that time, Unix microseconds.
  void normalize(::livekit::MetricsBatch& batch, int64_t unix_micros);

 private:
  void note(int64_t offset, int64_t unix_micros);
  int64_t offset() const;

  int64_t period_start_ = 0;
  std::optional<int64_t> least_;         // of this period, microseconds
  std::optional<int64_t> least_before_;  // of the one before
};

}  // namespace gstlk::room
