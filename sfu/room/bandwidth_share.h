// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
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
// everybody has the lowest first, and the smallest picture is made larger first. Of those whose
// lowest does not fit, the last of `tracks` are paused (null) if that is allowed, and sent all the
// same if not.
using BandwidthShares = std::map<TrackId, std::optional<uint8_t>>;
BandwidthShares share_bandwidth(uint64_t limit, const std::vector<LayerCosts>& tracks,
                                bool allow_pause);

}  // namespace gstlk::room
