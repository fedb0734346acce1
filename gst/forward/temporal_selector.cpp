// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/temporal_selector.h"

#include <algorithm>

namespace gstlk::forward {

bool TemporalSelector::select(const ReceivedPacket& packet, uint8_t max_temporal, bool after_gap) {
  if (started_ && packet.timestamp == timestamp_) return forward_;
  const rtp::PayloadDescriptor& descriptor = packet.descriptor;
  if (!started_ || descriptor.keyframe) {
    current_ = max_temporal;
    forward_ = true;
  } else if (after_gap && !descriptor.start_of_frame) {
    forward_ = true;
  } else {
    forward_ = decide(descriptor, max_temporal);
  }
  started_ = true;
  timestamp_ = packet.timestamp;
  return forward_;
}

bool TemporalSelector::decide(const rtp::PayloadDescriptor& descriptor, uint8_t max_temporal) {
  current_ = std::min(current_, max_temporal);
  const bool one_up = descriptor.temporal == current_ + 1 && descriptor.temporal <= max_temporal;
  if (one_up && descriptor.switching_point) current_ = descriptor.temporal;
  return descriptor.temporal <= current_;
}

}  // namespace gstlk::forward
