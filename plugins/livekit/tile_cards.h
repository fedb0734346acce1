// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include <cstdint>
#include <span>
#include <string>

#include "base/ref.h"
#include "plugins/livekit/layout.h"
#include "plugins/livekit/text_picture.h"

namespace gstlk::client {

// A tile as it looks without its video.
struct TileCard {
  Rect rect;
  std::string name;
  bool has_video = false;
};

// Draws what is around the videos of a composed picture: behind them, where they lie and who has no
// camera; above them, their names. Both are still until something changes. Not thread-safe.
class TileCards {
 public:
  // `picture` is I420; `background` is 0xRRGGBB.
  TileCards(const GstVideoInfo& picture, uint32_t background)
      : picture_(picture), background_(background) {}

  void set_background(uint32_t background) { background_ = background; }

  // A frame of the whole picture: the background, a card for each tile and, where it has no video,
  // the first letter of its name in a circle.
  Ref<GstBuffer> behind(std::span<const TileCard> cards);
  // A label for each name at the bottom left of its tile; null when there is none.
  Ref<GstVideoOverlayComposition> above(std::span<const TileCard> cards);

 private:
  const GstVideoInfo picture_;
  uint32_t background_;
  TextRenderer text_;
};

}  // namespace gstlk::client
