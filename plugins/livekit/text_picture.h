// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <gst/video/video.h>

#include <string>

#include "base/ref.h"

namespace gstlk {

GSTLK_REF_TRAITS(GstVideoOverlayRectangle, gst_video_overlay_rectangle_ref,
                 gst_video_overlay_rectangle_unref);
GSTLK_REF_TRAITS(GstVideoOverlayComposition, gst_video_overlay_composition_ref,
                 gst_video_overlay_composition_unref);

}  // namespace gstlk

namespace gstlk::client {

// Premultiplied BGRA, no larger than what is in it. No pixels: nothing to draw.
struct TextPicture {
  Ref<GstBuffer> pixels;
  int width = 0;
  int height = 0;
};

// Draws words in white, by the element textoverlay, which is not in a pipeline for that. Without
// that element there are no words. Not thread-safe.
class TextRenderer {
 public:
  TextRenderer();
  ~TextRenderer();
  TextRenderer(const TextRenderer&) = delete;
  TextRenderer& operator=(const TextRenderer&) = delete;

  // In one line of letters of this size; what is wider than `max_width` ends early, with an
  // ellipsis.
  TextPicture draw(const std::string& text, int letter_size, int max_width);

 private:
  static GstFlowReturn take(GstPad* pad, GstObject* parent, GstBuffer* buffer);
  static gboolean answer(GstPad* pad, GstObject* parent, GstQuery* query);
  TextPicture draw_all(const std::string& text, int letter_size);

  Ref<GstElement> overlay_;
  Ref<GstPad> in_;   // gives frames to the element
  Ref<GstPad> out_;  // takes them back
  Ref<GstBuffer> drawn_;
};

}  // namespace gstlk::client
