// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "forward/dependency_selector.h"
#include "forward/layer.h"
#include "forward/received_packet.h"
#include "forward/temporal_selector.h"
#include "forward/vp9_selector.h"

namespace gstlk::forward {

// Which packets of a video track one subscriber gets. Between simulcast encodings it changes at a
// keyframe of the new one, up as soon as one comes that is not above the target, down likewise;
// inside an encoding the selector of its codec decides. The target is the wanted layer, or, when
// that is not alive, the highest below, or else the lowest above.
//
// Asked in this order for each packet: is_current(); if so, select(); if not, wants_switch(), then
// start() and select(). Not thread-safe.
class LayerSelector {
 public:
  explicit LayerSelector(Layer max) : max_(max) {}

  void set_max(Layer max);
  void update(const TrackState& state);
  // Nothing is forwarded until the next keyframe.
  void stop() { encoding_.reset(); }

  bool is_current(const ReceivedPacket& packet) const {
    return encoding_ == packet.encoding && generation_ == packet.generation;
  }
  // Whether to go over to the packet's encoding with this very packet.
  bool wants_switch(const ReceivedPacket& packet) const;
  void start(const ReceivedPacket& packet);

  struct Selection {
    bool forward = false;
    bool end_of_picture = false;
  };
  Selection select(const ReceivedPacket& packet, bool after_gap);
  // For a packet that fills a gap: decides nothing new.
  Selection select_late(const ReceivedPacket& packet);

  bool needs_keyframe() const;
  std::optional<uint8_t> current_encoding() const { return encoding_; }
  std::optional<Layer> current() const;
  Layer target() const { return {target_spatial_, max_.temporal}; }
  uint8_t target_encoding() const { return svc_ ? uint8_t{0} : target_spatial_; }
  // Null while the current encoding has no dependency descriptors.
  const DependencySelector* dependency() const {
    return mode_ == Mode::Dependency ? dependency_.get() : nullptr;
  }

 private:
  enum class Mode : uint8_t { Temporal, Vp9, Dependency };

  void choose_target();
  Layer max_inside() const;

  Layer max_;
  uint8_t target_spatial_ = kMaxSpatialLayers - 1;
  uint8_t alive_ = 0;
  uint8_t encodings_ = 1;
  bool svc_ = false;
  bool known_ = false;  // whether there was a TrackState
  std::optional<uint8_t> encoding_;
  uint8_t generation_ = 0;
  Mode mode_ = Mode::Temporal;
  TemporalSelector temporal_;
  Vp9Selector vp9_;
  std::unique_ptr<DependencySelector> dependency_;  // made when first needed
};

}  // namespace gstlk::forward
