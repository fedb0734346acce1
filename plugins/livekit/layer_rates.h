// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "plugins/livekit/rate_control.h"

namespace gstlk::client {

// An encoding of a track: what it may have, and whether a subscriber wants it (dynacast).
struct LayerWish {
  RateWish rate;
  bool wanted = true;
};

struct LayerShare {
  bool carried = true;  // false: it stays shut, whoever wants it
  Bitrate bitrate;      // zero unless it is carried and wanted
};

// Which encodings of a track its part of the uplink carries, and with how much each.
//
// As in libwebrtc, the highest are shut when the minima of all do not fit, and the lowest that is
// wanted always stays. They come back one by one, when there was room for the next one, and a
// margin, for some seconds. Who has little to send learns nothing of its path, so that an estimate
// may stay low for ever: when it has not fallen for longer, the next one is tried all the same, and
// stays until the estimate falls. Each one that soon has to go again doubles the time before the
// next, so that a path that carries nearly enough is not filled up over and over.
//
// Driven with each estimate. Not thread-safe.
class LayerRates {
 public:
  using Layers = std::span<const LayerWish>;

  // For each of the layers, low to high; always as many.
  std::vector<LayerShare> share(Bitrate total, Layers layers, Timestamp now);

 private:
  void shut(Bitrate total, Layers layers, Timestamp now);
  void reopen(Bitrate total, Layers layers, Timestamp now);
  bool may_reopen(Bitrate total, Bitrate needed, Timestamp now);
  Duration wait(Duration shortest) const;

  std::optional<size_t> carried_;  // this many from the lowest on; nullopt: nothing was shut yet
  Bitrate last_total_;
  std::optional<Timestamp> enough_since_;  // there is room for the next one
  Timestamp steady_since_;                 // `total` has not fallen, and nothing was opened or shut
  std::optional<Timestamp> opened_;        // the newest one, which may still prove too much
  bool tried_ = false;                     // it was opened without room for it
  int backoff_ = 1;
};

}  // namespace gstlk::client
