// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "base/time.h"
#include "rtp/header_extension.h"

namespace gstlk::rtp {

// How loud one audio track has been lately, for the speakers of a room: the loudest level of each
// 400 ms, softened by how much of them was active, then smoothed. Values are linear, 0 to 1. Same
// measure as LiveKit's server, so that thresholds of its clients mean the same.
// Not thread-safe.
class AudioLevelObserver {
 public:
  explicit AudioLevelObserver(uint32_t clock_rate) : clock_rate_(clock_rate) {}

  // One packet; its timestamp says how much time it stands for.
  void on_packet(AudioLevel level, uint32_t timestamp, Timestamp now);

  // 0 when nothing came for 800 ms.
  double level(Timestamp now) const;
  bool is_active(Timestamp now) const;

 private:
  void finish_window();

  uint32_t clock_rate_;
  bool started_ = false;
  uint32_t last_timestamp_ = 0;
  Timestamp last_packet_;
  uint8_t loudest_ = 127;
  Duration observed_{};
  Duration active_{};
  double smoothed_ = 0;
};

}  // namespace gstlk::rtp
