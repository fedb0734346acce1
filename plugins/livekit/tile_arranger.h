// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "plugins/livekit/active_speaker.h"
#include "plugins/livekit/layout.h"

namespace gstlk::client {

// The tiles that have one of a limited number of places. While all fit, they are in joined order.
// Beyond that a tile keeps its place until it goes, or until a speaker or a screen share without a
// place takes that of the one who has been silent for the longest time. Not thread-safe.
class Places {
 public:
  explicit Places(size_t count) : count_(count) {}

  // Who is shown, in the order of places.
  std::vector<const LayoutTile*> update(std::vector<const LayoutTile*> tiles);

 private:
  const size_t count_;
  // By id; empty where the tile has gone.
  std::vector<std::string> ids_;
};

// Decides which tiles are shown, and where. It remembers who is shown, so that pictures do not move
// without need. Whoever drives it calls arrange() whenever a tile changes and at next_timeout().
// Not thread-safe.
class TileArranger {
 public:
  static constexpr size_t kGridTiles = 25;
  static constexpr size_t kStripTiles = 6;

  // In the order of `tiles`.
  std::vector<PlacedTile> arrange(CanvasSize canvas, LayoutKind kind,
                                  std::span<const LayoutTile> tiles, Timestamp now);
  std::optional<Timestamp> next_timeout() const { return speaker_.next_timeout(); }

 private:
  const LayoutTile* large_tile(std::span<const LayoutTile> tiles);

  ActiveSpeaker speaker_;
  Places grid_{kGridTiles};
  Places strip_{kStripTiles};
};

}  // namespace gstlk::client
