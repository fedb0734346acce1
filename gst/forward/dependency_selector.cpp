// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/dependency_selector.h"

#include <algorithm>

namespace gstlk::forward {

void DependencySelector::restart() {
  records_ = {};
  target_.reset();
  started_ = false;
}

DependencySelector::Fate DependencySelector::fate(int64_t frame) const {
  const Record& record = records_[static_cast<uint64_t>(frame) % kFrames];
  return record.frame == static_cast<uint32_t>(frame) ? record.fate : Fate::Unknown;
}

// A previous frame of which nothing is known was lost on the way here and may still come: the chain
// counts as whole.
void DependencySelector::update_chains(const rtp::FrameDependency& frame) {
  for (size_t chain = 0; chain < frame.chain_count; ++chain) {
    const uint8_t diff = frame.chain_diffs[chain];
    if (diff == 0)
      intact_[chain] = true;
    else if (fate(frame.frame_number - diff) == Fate::Dropped)
      intact_[chain] = false;
  }
}

void DependencySelector::choose_target(const rtp::FrameDependency& frame, Layer max) {
  target_.reset();
  std::optional<size_t> lowest;
  std::optional<Layer> lowest_active;
  std::optional<Layer> wanted;
  const auto layer_of = [&](size_t i) {
    return Layer{frame.target_spatial[i], frame.target_temporal[i]};
  };
  for (size_t i = 0; i < frame.target_count; ++i) {
    if ((frame.active_targets >> i & 1) == 0) continue;
    const Layer layer = layer_of(i);
    const bool intact = frame.chain_count == 0 || intact_[frame.target_chain[i]];
    if (intact && (!lowest || layer < layer_of(*lowest))) lowest = i;
    lowest_active = std::min(lowest_active.value_or(layer), layer);
    if (layer.spatial > max.spatial || layer.temporal > max.temporal) continue;
    wanted = std::max(wanted.value_or(layer), layer);
    if (intact && (!target_ || layer > layer_of(*target_))) target_ = i;
  }
  wanted_ = wanted.value_or(lowest_active.value_or(Layer{}));
  if (!target_) target_ = lowest;
  if (target_) current_ = layer_of(*target_);
}

void DependencySelector::update_active_targets(const rtp::FrameDependency& frame) {
  uint32_t targets = 0;
  for (size_t i = 0; i < frame.target_count; ++i)
    if (frame.target_spatial[i] <= current_.spatial &&
        frame.target_temporal[i] <= current_.temporal)
      targets |= uint32_t{1} << i;
  active_targets_ = targets & frame.active_targets;
  const auto all = static_cast<uint32_t>((uint64_t{1} << frame.target_count) - 1);
  if (active_targets_ != all) restricted_ = true;
}

bool DependencySelector::decide(const rtp::FrameDependency& frame) const {
  if (!target_) return false;
  if (frame.indication(*target_) == rtp::DecodeTargetIndication::NotPresent) return false;
  for (size_t i = 0; i < frame.frame_diff_count; ++i)
    if (fate(frame.frame_number - frame.frame_diffs[i]) == Fate::Dropped) return false;
  return true;
}

DependencySelector::Selection DependencySelector::select(const rtp::FrameDependency& frame,
                                                         Layer max) {
  const bool new_structure = frame.has_structure && frame.structure_frame != structure_frame_;
  if (!started_ && !frame.has_structure) return {};
  if (!started_ || new_structure) {
    structure_frame_ = frame.structure_frame;
    newest_frame_ = frame.frame_number - 1;
    restricted_ = false;
    intact_.fill(true);
    started_ = true;
  }
  if (frame.structure_frame != structure_frame_) {
    target_.reset();  // the keyframe with this structure has not come: nothing can be decoded
    return {};
  }
  Fate known = fate(frame.frame_number);
  if (known == Fate::Unknown) {
    if (frame.frame_number > newest_frame_) {
      update_chains(frame);
      choose_target(frame, max);
      update_active_targets(frame);
      newest_frame_ = frame.frame_number;
    }
    known = decide(frame) ? Fate::Forwarded : Fate::Dropped;
    records_[static_cast<uint64_t>(frame.frame_number) % kFrames] = {
        static_cast<uint32_t>(frame.frame_number), known};
  }
  if (known != Fate::Forwarded) return {};
  return {true, frame.last_packet_in_frame && frame.spatial == current_.spatial};
}

}  // namespace gstlk::forward
