// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/ids.h"

namespace gstlk::room {

// What a video track costs one subscriber: the bits per second of each spatial layer, up to the
// highest that he wants. Empty: it is not sent.
struct LayerCosts {
  TrackId track;
  std::vector<uint64_t> layers;
};

// The highest layer of each track when a subscriber gets `limit` bits per second for all of them:
// everybody has the lowest, whatever it costs, and the smallest picture is made larger first.
std::map<TrackId, uint8_t> share_bandwidth(uint64_t limit, const std::vector<LayerCosts>& tracks);

}  // namespace gstlk::room
