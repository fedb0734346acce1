// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/vp9_selector.h"

#include <algorithm>

namespace gstlk::forward {

void Vp9Selector::restart() {
  temporal_.restart();
  spatial_ = 0;
  started_ = false;
}

void Vp9Selector::start_picture(const rtp::PayloadDescriptor& descriptor, uint8_t max_spatial) {
  if (descriptor.keyframe) {
    // The structure tells which layers follow, so that the marker goes to the right one.
    const uint8_t layers = descriptor.vp9.spatial_layers;
    spatial_ = layers > 0 ? std::min<uint8_t>(max_spatial, layers - 1) : uint8_t{0};
  }
  spatial_ = std::min(spatial_, max_spatial);
}

Vp9Selector::Selection Vp9Selector::select(const ReceivedPacket& packet, Layer max,
                                           bool after_gap) {
  const rtp::PayloadDescriptor& descriptor = packet.descriptor;
  if (!started_ || packet.timestamp != timestamp_) start_picture(descriptor, max.spatial);
  started_ = true;
  timestamp_ = packet.timestamp;

  const rtp::Vp9Descriptor& vp9 = descriptor.vp9;
  const bool one_up = descriptor.spatial == spatial_ + 1 && descriptor.spatial <= max.spatial;
  if (one_up && vp9.start_of_layer_frame && !vp9.inter_picture_predicted)
    spatial_ = descriptor.spatial;
  const bool temporal = temporal_.select(packet, max.temporal, after_gap);
  if (!temporal || descriptor.spatial > spatial_) return {};
  return {true, descriptor.end_of_frame && descriptor.spatial == spatial_};
}

}  // namespace gstlk::forward
