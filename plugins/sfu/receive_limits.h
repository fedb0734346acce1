// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "base/token_bucket.h"

namespace gstlk::sfu {

// What a peer may send, and be asked for; 0 is any. It is asked to keep to the bitrate (REMB); what
// is far above is dropped before anything else is done with it. Data is not dropped: it is read as
// fast as that, and the peer's own buffer fills.
struct ReceiveLimits {
  Bitrate bitrate;               // of all RTP
  uint32_t data_per_second = 0;  // bytes of messages
  // Between keyframes that the peer is asked for, by the encodings of a track from the lowest on.
  std::array<Duration, 3> keyframe_intervals{};
  bool operator==(const ReceiveLimits&) const = default;
};

// nullopt: no limit.
inline std::optional<TokenBucket> receive_bucket(uint64_t bytes_per_second) {
  // Below it one keyframe, or the largest message, would be too much.
  constexpr uint64_t kLeastBurst = 64 * 1024;
  if (bytes_per_second == 0) return std::nullopt;
  return TokenBucket(bytes_per_second, std::max(bytes_per_second, kLeastBurst));
}

}  // namespace gstlk::sfu
