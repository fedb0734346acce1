// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/bandwidth_share.h"

namespace gstlk::room {

BandwidthShares share_bandwidth(uint64_t limit, const std::vector<LayerCosts>& tracks,
                                bool allow_pause) {
  std::vector<uint8_t> highest(tracks.size());
  std::vector<bool> paused(tracks.size());
  uint64_t spent = 0;
  for (size_t i = 0; i < tracks.size(); ++i) {
    const uint64_t lowest = tracks[i].layers.empty() ? 0 : tracks[i].layers.front();
    paused[i] = allow_pause && spent + lowest > limit;
    if (!paused[i]) spent += lowest;
  }

  const auto fits = [&](size_t i) {
    const std::vector<uint64_t>& layers = tracks[i].layers;
    if (paused[i] || highest[i] + 1u >= layers.size()) return false;
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

  BandwidthShares shares;
  for (size_t i = 0; i < tracks.size(); ++i)
    shares[tracks[i].track] = paused[i] ? std::nullopt : std::optional(highest[i]);
  return shares;
}

}  // namespace gstlk::room
