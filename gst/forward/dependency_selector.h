// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "forward/layer.h"
#include "forward/received_packet.h"

namespace gstlk::forward {

// Which frames of one encoding to forward, by the dependency descriptor (AV1 RTP specification,
// appendix A): the highest decode target that is wanted, active and whose chain is unbroken. A
// chain breaks when a frame of it is dropped and is whole again where it starts anew, so a broken
// one leads down by itself and a new one leads up. In k-SVC, where a layer's frames do not refer to
// the layer below, the way down is broken as well and takes a keyframe. A frame is dropped as well
// when one that it refers to was. Not thread-safe.
class DependencySelector {
 public:
  // The first packet that select() sees next has a structure.
  void restart();

  struct Selection {
    bool forward = false;
    bool end_of_picture = false;  // nothing more of this picture will be forwarded
  };
  Selection select(const rtp::FrameDependency& frame, Layer max);

  // The decode targets that the subscriber can decode at present.
  uint32_t active_targets() const { return active_targets_; }
  // Whether the subscriber must be told which they are: since the last structure that it got, they
  // were not all.
  bool is_restricted() const { return restricted_; }

  Layer current() const { return current_; }
  // The layer it would be if no chain were broken.
  Layer wanted() const { return wanted_; }
  bool has_target() const { return target_.has_value(); }

 private:
  static constexpr size_t kFrames = 256;

  enum class Fate : uint8_t { Unknown, Forwarded, Dropped };
  struct Record {
    uint32_t frame = 0;
    Fate fate = Fate::Unknown;
  };

  Fate fate(int64_t frame) const;
  void update_chains(const rtp::FrameDependency& frame);
  void choose_target(const rtp::FrameDependency& frame, Layer max);
  void update_active_targets(const rtp::FrameDependency& frame);
  bool decide(const rtp::FrameDependency& frame) const;

  std::array<Record, kFrames> records_{};
  std::array<bool, rtp::kMaxChains> intact_{};
  std::optional<size_t> target_;
  Layer current_;
  Layer wanted_;
  int64_t structure_frame_ = 0;
  int64_t newest_frame_ = 0;
  uint32_t active_targets_ = 0;
  bool restricted_ = false;
  bool started_ = false;
};

}  // namespace gstlk::forward
