// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/bandwidth_share.h"

namespace gstlk::room {

std::map<TrackId, uint8_t> share_bandwidth(uint64_t limit, const std::vector<LayerCosts>& tracks) {
  std::vector<uint8_t> highest(tracks.size());
  uint64_t spent = 0;
  for (const LayerCosts& track : tracks) spent += track.layers.empty() ? 0 : track.layers.front();

  const auto fits = [&](size_t i) {
    const std::vector<uint64_t>& layers = tracks[i].layers;
    if (highest[i] + 1u >= layers.size()) return false;
    return spent - layers[highest[i]] + layers[highest[i] + 1] <= limit;
  };
  for (;;) {
    size_t next = tracks.size();
    for (size_t i = 0; i < tracks.size(); ++i) {
      if (fits(i) && (next == tracks.size() || highest[i] < highest[next])) next = i;
    }
    if (next == tracks.size()) break;
    const std::vector<uint64_t>& layers = tracks[next].layers;
    spent = spent - layers[highest[next]] + layers[highest[next] + 1];
    ++highest[next];
  }

  std::map<TrackId, uint8_t> shares;
  for (size_t i = 0; i < tracks.size(); ++i) shares[tracks[i].track] = highest[i];
  return shares;
}

}  // namespace gstlk::room
