// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/tile_cards.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

namespace gstlk::client {

namespace {

struct Colour {
  uint8_t red = 0;
  uint8_t green = 0;
  uint8_t blue = 0;
  double alpha = 1;
};

constexpr Colour kLabel{0x0c, 0x0f, 0x13, 0.72};

// Of the circles, dark enough for white letters. A name keeps its colour.
constexpr std::array<Colour, 6> kCircles = {{{0x2f, 0x6f, 0xb7},
                                             {0x8a, 0x4f, 0xb0},
                                             {0x2d, 0x86, 0x6b},
                                             {0xb0, 0x5a, 0x3c},
                                             {0x5b, 0x6a, 0x9c},
                                             {0x9a, 0x4b, 0x68}}};

Colour of_rgb(uint32_t rgb) {
  return {static_cast<uint8_t>(rgb >> 16), static_cast<uint8_t>(rgb >> 8),
          static_cast<uint8_t>(rgb)};
}

// A little towards white, or away from it where it is light already.
Colour card_on(Colour ground) {
  const bool light = ground.red + ground.green + ground.blue > 3 * 128;
  const auto shift = [light](uint8_t value) {
    return static_cast<uint8_t>(light ? value - value / 10 : value + (255 - value) / 14);
  };
  return {shift(ground.red), shift(ground.green), shift(ground.blue)};
}

// In the range of video: 16 to 235 and 16 to 240.
std::array<uint8_t, 3> to_yuv(Colour colour, const GstVideoInfo& info) {
  double kr = 0;
  double kb = 0;
  if (!gst_video_color_matrix_get_Kr_Kb(info.colorimetry.matrix, &kr, &kb))
    gst_video_color_matrix_get_Kr_Kb(GST_VIDEO_COLOR_MATRIX_BT601, &kr, &kb);
  const double red = colour.red / 255.0;
  const double green = colour.green / 255.0;
  const double blue = colour.blue / 255.0;
  const double luma = kr * red + (1 - kr - kb) * green + kb * blue;
  const auto byte = [](double value) { return static_cast<uint8_t>(std::lround(value)); };
  return {byte(16 + 219 * luma), byte(128 + 224 * (blue - luma) / (2 * (1 - kb))),
          byte(128 + 224 * (red - luma) / (2 * (1 - kr)))};
}

void fill(GstVideoFrame& frame, const Rect& rect, Colour colour) {
  const auto yuv = to_yuv(colour, frame.info);
  for (guint plane = 0; plane < 3; ++plane) {
    const int shift = plane == 0 ? 0 : 1;
    const int stride = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane);
    auto* data = static_cast<uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane));
    for (int y = rect.y >> shift; y < (rect.y + rect.height + shift) >> shift; ++y)
      std::memset(data + y * stride + (rect.x >> shift), yuv[plane],
                  static_cast<size_t>((rect.width + shift) >> shift));
  }
}

// How much of the pixel at (x, y) is inside a box with round corners, from 0 to 1.
double coverage(int x, int y, int width, int height, double radius) {
  const double right = std::max(radius - (x + 0.5), (x + 0.5) - (width - radius));
  const double down = std::max(radius - (y + 0.5), (y + 0.5) - (height - radius));
  if (right <= 0 || down <= 0) return 1;
  return std::clamp(radius - std::hypot(right, down) + 0.5, 0.0, 1.0);
}

Ref<GstVideoOverlayRectangle> rectangle(GstBuffer* pixels, const Rect& rect) {
  return Ref<GstVideoOverlayRectangle>::adopt(gst_video_overlay_rectangle_new_raw(
      pixels, rect.x, rect.y, static_cast<guint>(rect.width), static_cast<guint>(rect.height),
      GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA));
}

Ref<GstVideoOverlayRectangle> round_box(const Rect& rect, double radius, Colour colour) {
  const auto width = static_cast<size_t>(rect.width);
  const auto height = static_cast<size_t>(rect.height);
  const auto pixels =
      Ref<GstBuffer>::adopt(gst_buffer_new_allocate(nullptr, width * height * 4, nullptr));
  gst_buffer_add_video_meta(pixels.get(), GST_VIDEO_FRAME_FLAG_NONE,
                            GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, static_cast<guint>(width),
                            static_cast<guint>(height));
  std::vector<uint8_t> bytes;
  bytes.reserve(width * height * 4);
  for (int y = 0; y < rect.height; ++y) {
    for (int x = 0; x < rect.width; ++x) {
      const double alpha = colour.alpha * coverage(x, y, rect.width, rect.height, radius);
      // BGRA, as it is in memory on a machine with little endian.
      for (const double value :
           {colour.blue * alpha, colour.green * alpha, colour.red * alpha, 255 * alpha})
        bytes.push_back(static_cast<uint8_t>(std::lround(value)));
    }
  }
  gst_buffer_fill(pixels.get(), 0, bytes.data(), bytes.size());
  return rectangle(pixels.get(), rect);
}

Ref<GstVideoOverlayRectangle> words_at(const TextPicture& words, int x, int y) {
  return rectangle(words.pixels.get(), {x, y, words.width, words.height});
}

Colour circle_colour(const std::string& name) {
  return kCircles[g_str_hash(name.c_str()) % kCircles.size()];
}

std::string initial(const std::string& name) {
  gchar* valid = g_utf8_make_valid(name.c_str(), static_cast<gssize>(name.size()));
  gchar* upper = g_utf8_strup(valid, -1);
  std::string letter(upper, g_utf8_next_char(upper));
  g_free(upper);
  g_free(valid);
  return letter;
}

// Collects rectangles; a composition cannot be empty.
class Pieces {
 public:
  void add(const Ref<GstVideoOverlayRectangle>& piece) {
    if (!all_)
      all_ = Ref<GstVideoOverlayComposition>::adopt(gst_video_overlay_composition_new(piece.get()));
    else
      gst_video_overlay_composition_add_rectangle(all_.get(), piece.get());
  }
  const Ref<GstVideoOverlayComposition>& all() const { return all_; }

 private:
  Ref<GstVideoOverlayComposition> all_;
};

}  // namespace

Ref<GstBuffer> TileCards::behind(std::span<const TileCard> cards) {
  auto buffer = Ref<GstBuffer>::adopt(gst_buffer_new_allocate(nullptr, picture_.size, nullptr));
  GstVideoFrame frame;
  if (!gst_video_frame_map(&frame, &picture_, buffer.get(), GST_MAP_WRITE)) return {};
  const Colour ground = of_rgb(background_);
  fill(frame, {0, 0, picture_.width, picture_.height}, ground);
  Pieces circles;
  for (const TileCard& card : cards) {
    fill(frame, card.rect, card_on(ground));
    const int size = std::min(card.rect.width, card.rect.height) * 2 / 5;
    if (card.has_video || card.name.empty() || size < 8) continue;
    const int x = card.rect.x + (card.rect.width - size) / 2;
    const int y = card.rect.y + (card.rect.height - size) / 2;
    circles.add(round_box({x, y, size, size}, size / 2.0, circle_colour(card.name)));
    const TextPicture letter = text_.draw(initial(card.name), size / 2, size);
    if (letter.pixels)
      circles.add(words_at(letter, x + (size - letter.width) / 2, y + (size - letter.height) / 2));
  }
  if (circles.all()) gst_video_overlay_composition_blend(circles.all().get(), &frame);
  gst_video_frame_unmap(&frame);
  return buffer;
}

Ref<GstVideoOverlayComposition> TileCards::above(std::span<const TileCard> cards) {
  Pieces labels;
  for (const TileCard& card : cards) {
    const int letters = std::clamp(card.rect.height / 18, 12, std::max(12, picture_.height / 30));
    const int margin = letters / 2;
    const TextPicture words = text_.draw(card.name, letters, card.rect.width - 4 * margin);
    const Rect box{card.rect.x + margin, card.rect.y + card.rect.height - margin - 2 * letters,
                   words.width + 2 * margin, 2 * letters};
    if (!words.pixels || box.height + 2 * margin > card.rect.height) continue;
    labels.add(round_box(box, letters / 3.0, kLabel));
    labels.add(words_at(words, box.x + margin, box.y + (box.height - words.height) / 2));
  }
  return labels.all();
}

}  // namespace gstlk::client
