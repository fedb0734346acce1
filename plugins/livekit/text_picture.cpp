// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/text_picture.h"

#include <algorithm>

namespace gstlk::client {

namespace {

// Of the frame that is never looked at; letters that did not fit would be made smaller.
constexpr int kFrameWidth = 8192;
constexpr int kFrameHeight = 1024;

size_t letters(const std::string& text) {
  return static_cast<size_t>(g_utf8_strlen(text.c_str(), static_cast<gssize>(text.size())));
}

std::string first_letters(const std::string& text, size_t count) {
  const char* end = g_utf8_offset_to_pointer(text.c_str(), static_cast<glong>(count));
  return {text.c_str(), end};
}

// In one line.
std::string valid(const std::string& text) {
  gchar* made = g_utf8_make_valid(text.c_str(), static_cast<gssize>(text.size()));
  std::string result = made;
  g_free(made);
  std::ranges::replace_if(
      result, [](char c) { return g_ascii_iscntrl(c); }, ' ');
  return result;
}

}  // namespace

TextRenderer::TextRenderer() {
  GstElement* overlay = gst_element_factory_make("textoverlay", nullptr);
  if (!overlay) return;
  overlay_ = Ref<GstElement>::sink(overlay);
  g_object_set(overlay, "draw-shadow", FALSE, "draw-outline", FALSE, "auto-resize", FALSE, nullptr);
  gst_util_set_object_arg(G_OBJECT(overlay), "wrap-mode", "none");
  in_ = Ref<GstPad>::sink(gst_pad_new("in", GST_PAD_SRC));
  out_ = Ref<GstPad>::sink(gst_pad_new("out", GST_PAD_SINK));
  gst_pad_set_chain_function_full(out_.get(), take, this, nullptr);
  gst_pad_set_query_function(out_.get(), answer);
  const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(overlay, "video_sink"));
  const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(overlay, "src"));
  gst_pad_link(in_.get(), sink.get());
  gst_pad_link(src.get(), out_.get());
  gst_pad_set_active(out_.get(), TRUE);
  gst_element_set_state(overlay, GST_STATE_PLAYING);
  gst_pad_set_active(in_.get(), TRUE);

  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_BGRA, kFrameWidth, kFrameHeight);
  const auto caps = Ref<GstCaps>::adopt(gst_video_info_to_caps(&info));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(in_.get(), gst_event_new_stream_start("text"));
  gst_pad_push_event(in_.get(), gst_event_new_caps(caps.get()));
  gst_pad_push_event(in_.get(), gst_event_new_segment(&segment));
}

TextRenderer::~TextRenderer() {
  if (!overlay_) return;
  gst_element_set_state(overlay_.get(), GST_STATE_NULL);
  gst_pad_set_active(in_.get(), FALSE);
  gst_pad_set_active(out_.get(), FALSE);
}

GstFlowReturn TextRenderer::take(GstPad* pad, GstObject*, GstBuffer* buffer) {
  static_cast<TextRenderer*>(pad->chaindata)->drawn_ = Ref<GstBuffer>::adopt(buffer);
  return GST_FLOW_OK;
}

// The words come beside the frame then, not in it.
gboolean TextRenderer::answer(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_ALLOCATION) {
    gst_query_add_allocation_meta(query, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, nullptr);
    return TRUE;
  }
  if (GST_QUERY_TYPE(query) == GST_QUERY_CAPS) {
    const auto caps = Ref<GstCaps>::adopt(gst_caps_from_string(
        "video/x-raw(memory:SystemMemory, meta:GstVideoOverlayComposition); video/x-raw"));
    gst_query_set_caps_result(query, caps.get());
    return TRUE;
  }
  return gst_pad_query_default(pad, parent, query);
}

TextPicture TextRenderer::draw_all(const std::string& text, int letter_size) {
  const std::string font = "Sans " + std::to_string(letter_size) + "px";
  gchar* escaped = g_markup_escape_text(text.c_str(), static_cast<gssize>(text.size()));
  g_object_set(overlay_.get(), "font-desc", font.c_str(), "text", escaped, nullptr);
  g_free(escaped);
  GstBuffer* frame = gst_buffer_new();
  GST_BUFFER_PTS(frame) = 0;
  GST_BUFFER_DURATION(frame) = GST_SECOND;
  drawn_.reset();
  if (gst_pad_push(in_.get(), frame) != GST_FLOW_OK || !drawn_) return {};
  const auto* meta = gst_buffer_get_video_overlay_composition_meta(drawn_.get());
  if (!meta || gst_video_overlay_composition_n_rectangles(meta->overlay) == 0) return {};
  GstVideoOverlayRectangle* words = gst_video_overlay_composition_get_rectangle(meta->overlay, 0);
  GstBuffer* pixels = gst_video_overlay_rectangle_get_pixels_unscaled_argb(
      words, GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA);
  const GstVideoMeta* size = gst_buffer_get_video_meta(pixels);
  return {Ref<GstBuffer>::share(pixels), static_cast<int>(size->width),
          static_cast<int>(size->height)};
}

TextPicture TextRenderer::draw(const std::string& text, int letter_size, int max_width) {
  if (!overlay_ || text.empty()) return {};
  const std::string whole = valid(text);
  size_t count = letters(whole);
  // Longer than any picture is wide.
  std::string words = count > 256 ? first_letters(whole, count = 256) : whole;
  TextPicture picture = draw_all(words, letter_size);
  while (picture.width > max_width && count > 1) {
    count = std::min(count - 1,
                     count * static_cast<size_t>(max_width) / static_cast<size_t>(picture.width));
    picture = draw_all(first_letters(whole, std::max<size_t>(count, 1)) + "…", letter_size);
  }
  return picture.width > max_width ? TextPicture{} : picture;
}

}  // namespace gstlk::client
