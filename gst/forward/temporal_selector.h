// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "forward/received_packet.h"

namespace gstlk::forward {

// Which temporal layers of one encoding to forward, by what the payload says (VP8, VP9, H.265).
// Decides at the first packet of a picture and keeps to it for the rest. Goes up one layer at a
// time, at a picture that promises to need nothing above the layer below; goes down at any picture.
// Not thread-safe.
class TemporalSelector {
 public:
  // The first packet that select() sees next is of a keyframe.
  void restart() { started_ = false; }

  // `after_gap`: packets before this one are missing. A picture whose start is missing is forwarded
  // whatever its layer: nobody knows whether the missing packets, whose numbers are kept for them,
  // are of it.
  bool select(const ReceivedPacket& packet, uint8_t max_temporal, bool after_gap);

  uint8_t current() const { return current_; }

 private:
  bool decide(const rtp::PayloadDescriptor& descriptor, uint8_t max_temporal);

  int64_t timestamp_ = 0;
  uint8_t current_ = 0;
  bool forward_ = false;
  bool started_ = false;
};

}  // namespace gstlk::forward
