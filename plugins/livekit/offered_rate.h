// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace gstlk::client {

// How much comes of media that was encoded elsewhere, over some seconds: with a keyframe here and
// there. Not thread-safe.
class OfferedRate {
 public:
  // With the number of all bytes so far, now and then.
  void update(uint64_t bytes, Timestamp now);
  // nullopt: not known yet.
  std::optional<Bitrate> rate() const { return rate_; }

 private:
  std::optional<Timestamp> last_;
  uint64_t last_bytes_ = 0;
  std::optional<Bitrate> rate_;
};

}  // namespace gstlk::client
