// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/layer_selector.h"

#include <algorithm>

namespace gstlk::forward {

void LayerSelector::set_max(Layer max) {
  max_ = max;
  choose_target();
}

void LayerSelector::update(const TrackState& state) {
  if (known_ && state.alive == alive_ && state.encodings == encodings_ && state.svc == svc_) return;
  known_ = true;
  alive_ = state.alive;
  encodings_ = state.encodings;
  svc_ = state.svc;
  choose_target();
}

void LayerSelector::choose_target() {
  const uint8_t layers = svc_ || !known_ ? uint8_t{kMaxSpatialLayers} : encodings_;
  const auto wanted = static_cast<uint8_t>(std::min<int>(max_.spatial, std::max(1, +layers) - 1));
  target_spatial_ = wanted;
  if (alive_ == 0) return;
  const auto is_alive = [this](int spatial) { return (alive_ >> spatial & 1) != 0; };
  for (int spatial = wanted; spatial >= 0; --spatial) {
    target_spatial_ = static_cast<uint8_t>(spatial);
    if (is_alive(spatial)) return;
  }
  for (int spatial = wanted; spatial < static_cast<int>(kMaxSpatialLayers); ++spatial) {
    target_spatial_ = static_cast<uint8_t>(spatial);
    if (is_alive(spatial)) return;
  }
}

bool LayerSelector::wants_switch(const ReceivedPacket& packet) const {
  if (!packet.descriptor.keyframe) return false;
  if (svc_) return true;
  if (!encoding_) return packet.encoding <= target_spatial_;
  if (packet.encoding == *encoding_) return true;  // it began anew
  if (packet.encoding > *encoding_) return packet.encoding <= target_spatial_;
  return packet.encoding >= target_spatial_;
}

void LayerSelector::start(const ReceivedPacket& packet) {
  encoding_ = packet.encoding;
  generation_ = packet.generation;
  if (packet.has_dependency) {
    mode_ = Mode::Dependency;
    if (!dependency_) dependency_ = std::make_unique<DependencySelector>();
    dependency_->restart();
  } else if (packet.descriptor.codec == rtp::Codec::Vp9) {
    mode_ = Mode::Vp9;
    vp9_.restart();
  } else {
    mode_ = Mode::Temporal;
    temporal_.restart();
  }
}

// What may be forwarded of the current encoding: with simulcast all of its spatial layers, which is
// the one that it has.
Layer LayerSelector::max_inside() const {
  return {svc_ ? target_spatial_ : kHighestLayer.spatial, max_.temporal};
}

LayerSelector::Selection LayerSelector::select(const ReceivedPacket& packet, bool after_gap) {
  switch (mode_) {
    case Mode::Temporal:
      return {temporal_.select(packet, max_.temporal, after_gap), packet.marker};
    case Mode::Vp9: {
      // A keyframe says itself which layers there are, before any packet of the upper ones came.
      const Layer max = packet.descriptor.keyframe ? max_ : max_inside();
      const auto selection = vp9_.select(packet, max, after_gap);
      return {selection.forward, selection.end_of_picture};
    }
    case Mode::Dependency:
      break;
  }
  // The structure that this packet needs was lost or is late. The subscriber is no better off than
  // we are, so it gets the packet and finds out by itself.
  if (!packet.has_dependency) return {true, packet.marker};
  // Which targets are alive the descriptor says itself.
  const Layer max = svc_ ? max_ : max_inside();
  const auto selection = dependency_->select(packet.dependency, max);
  return {selection.forward, selection.end_of_picture};
}

LayerSelector::Selection LayerSelector::select_late(const ReceivedPacket& packet) {
  switch (mode_) {
    case Mode::Temporal:
      return {true, packet.marker};
    case Mode::Vp9: {
      const uint8_t spatial = vp9_.current().spatial;
      return {packet.descriptor.spatial <= spatial,
              packet.descriptor.end_of_frame && packet.descriptor.spatial == spatial};
    }
    case Mode::Dependency:
      break;
  }
  return select(packet, false);
}

bool LayerSelector::needs_keyframe() const {
  if (!encoding_ || *encoding_ != target_encoding()) return true;
  if (!svc_) return false;
  if (mode_ == Mode::Vp9) return vp9_.current().spatial < target_spatial_;
  if (mode_ != Mode::Dependency) return false;
  return !dependency_->has_target() ||
         dependency_->current().spatial != dependency_->wanted().spatial;
}

std::optional<Layer> LayerSelector::current() const {
  if (!encoding_) return std::nullopt;
  Layer inside{0, temporal_.current()};
  if (mode_ == Mode::Vp9) inside = vp9_.current();
  if (mode_ == Mode::Dependency) inside = dependency_->current();
  return Layer{svc_ ? inside.spatial : *encoding_, inside.temporal};
}

}  // namespace gstlk::forward
