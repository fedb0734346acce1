// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>

#include "rtp/audio_level_observer.h"

namespace gstlk::graph {

// What the configuration says about the elements of every room.
struct MediaSettings {
  // What each connection of a client may send, as properties of sfu-transport; 0: any.
  uint32_t publish_bitrate = 0;  // bits per second of all tracks
  uint32_t data_bytes_per_second = 0;
  // Between keyframes that a publisher is asked for, by the encodings from the lowest on; 0: as
  // sfu-transport has it.
  std::array<Duration, 3> keyframe_intervals{};
  rtp::AudioLevelSettings audio_level;  // as properties of sfu-router
};

}  // namespace gstlk::graph
