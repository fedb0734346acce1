// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace gstlk::graph {

// What each connection of a client may send, as properties of sfu-transport; 0: any.
struct MediaLimits {
  uint32_t publish_bitrate = 0;  // bits per second of all tracks
  uint32_t data_bytes_per_second = 0;
};

}  // namespace gstlk::graph
