// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "base/time.h"
#include "rtp/header_extension.h"

namespace gstlk::rtp {

// What counts as speech (LiveKit's section `audio` of the configuration).
struct AudioLevelSettings {
  uint8_t active_level = 35;         // -dBov, 0 to 127; louder is less
  uint8_t min_percentile = 40;       // of an interval that has to be active, 0 to 100
  Duration update_interval = 400ms;  // more than 0
  uint8_t smooth_intervals = 2;      // 0: none

  bool operator==(const AudioLevelSettings&) const = default;
};

// How loud one audio track has been lately, for the speakers of a room: the loudest level of each
// interval, softened by how much of it was active, then smoothed. Values are linear, 0 to 1. Same
// measure as LiveKit's server, so that thresholds of its clients mean the same.
// Not thread-safe.
class AudioLevelObserver {
 public:
  AudioLevelObserver(uint32_t clock_rate, const AudioLevelSettings& settings)
      : clock_rate_(clock_rate), settings_(settings) {}

  // One packet; its timestamp says how much time it stands for.
  void on_packet(AudioLevel level, uint32_t timestamp, Timestamp now);

  // 0 when nothing came for two intervals.
  double level(Timestamp now) const;
  bool is_active(Timestamp now) const;

 private:
  void finish_window();

  uint32_t clock_rate_;
  AudioLevelSettings settings_;
  bool started_ = false;
  uint32_t last_timestamp_ = 0;
  Timestamp last_packet_;
  uint8_t loudest_ = 127;
  Duration observed_{};
  Duration active_{};
  double smoothed_ = 0;
};

}  // namespace gstlk::rtp
