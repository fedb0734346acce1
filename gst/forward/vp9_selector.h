// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "forward/layer.h"
#include "forward/received_packet.h"
#include "forward/temporal_selector.h"

namespace gstlk::forward {

// Which spatial and temporal layers of a VP9 SVC encoding to forward, by the payload descriptor of
// RFC 9628. Goes up a spatial layer where a layer frame is not predicted from earlier pictures, and
// down at any picture, because everything below the current layer is forwarded as well; that holds
// for full SVC and for k-SVC, where the lower layers are not needed between keyframes but are what
// makes going down free. Not thread-safe.
class Vp9Selector {
 public:
  // The first packet that select() sees next is of a keyframe.
  void restart();

  struct Selection {
    bool forward = false;
    bool end_of_picture = false;  // nothing more of this picture will be forwarded
  };
  Selection select(const ReceivedPacket& packet, Layer max, bool after_gap);

  Layer current() const { return {spatial_, temporal_.current()}; }

 private:
  void start_picture(const rtp::PayloadDescriptor& descriptor, uint8_t max_spatial);

  TemporalSelector temporal_;
  int64_t timestamp_ = 0;
  uint8_t spatial_ = 0;
  bool started_ = false;
};

}  // namespace gstlk::forward
