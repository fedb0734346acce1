// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"

namespace gstlk::client {

enum class LayoutKind {
  // All alike.
  Grid,
  // A screen share or else the active speaker is large, the others are in a strip beside it.
  Speaker,
  // Only the screen share or the active speaker.
  SingleSpeaker,
};

struct CanvasSize {
  int width = 0;
  int height = 0;
  bool operator==(const CanvasSize&) const = default;
};

struct Rect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
  bool operator==(const Rect&) const = default;
};

// Something that can be shown: a participant's camera, or its name in place of it, or a screen.
struct LayoutTile {
  std::string id;
  bool has_video = false;
  bool is_screen_share = false;
  bool muted = false;
  // Width by height of the video; 0 when unknown, which counts as 16:9.
  double aspect = 0;
  // Lower ones come first.
  uint64_t joined_order = 0;
  // Since when it speaks without a break; nullopt while it is silent.
  std::optional<Timestamp> speaking_since;
  // When it was last heard, which is `now` for one that speaks; nullopt when it never was.
  std::optional<Timestamp> last_spoke;
};

struct PlacedTile {
  std::string id;
  bool shown = false;
  Rect rect;
  unsigned z_order = 0;
  bool operator==(const PlacedTile&) const = default;
};

// The rectangles alone. Even coordinates and sizes, as chroma at half the resolution needs them;
// a rectangle that would be empty is left at zero.
//
// Rows and columns are those that leave the least of the canvas without picture when every tile
// keeps its aspect. A last row that is not full is centred.
std::vector<Rect> grid_rects(CanvasSize canvas, std::span<const double> aspects);
// The large one first. The strip takes a fifth of the longer side of the canvas.
std::vector<Rect> speaker_rects(CanvasSize canvas, size_t strip_tiles);

}  // namespace gstlk::client
