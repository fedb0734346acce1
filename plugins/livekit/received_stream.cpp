// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/received_stream.h"

#include <cstdio>
#include <string_view>

namespace gstlk::client {

namespace {

bool is_jitter_buffer(GstElement* element) {
  GstElementFactory* factory = gst_element_get_factory(element);
  return factory && std::string_view(GST_OBJECT_NAME(factory)) == "rtpjitterbuffer";
}

// What sends into the element, which has one sink pad.
Ref<GstPad> upstream_of(GstElement* element) {
  const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(element, "sink"));
  return sink ? Ref<GstPad>::adopt(gst_pad_get_peer(sink.get())) : Ref<GstPad>();
}

constexpr auto kMedia =
    static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST);
GstPadProbeReturn drop(GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_DROP; }

// rtpbin takes a stream apart when the demuxer in front of its jitter buffer forgets it.
void forget(GstElement* jitter_buffer) {
  const auto ahead = upstream_of(jitter_buffer);
  const auto demuxer =
      ahead ? Ref<GstElement>::adopt(gst_pad_get_parent_element(ahead.get())) : Ref<GstElement>();
  guint ssrc = 0;
  if (!demuxer || std::sscanf(GST_PAD_NAME(ahead.get()), "src_%u", &ssrc) != 1 ||
      !g_signal_lookup("clear-ssrc", G_OBJECT_TYPE(demuxer.get())))
    return;
  g_signal_emit_by_name(demuxer.get(), "clear-ssrc", ssrc);
}

}  // namespace

// Behind it are a demuxer of payload types and what repairs packets.
Ref<GstElement> jitter_buffer_of(GstPad* source) {
  constexpr int kMostBetween = 8;
  auto pad = Ref<GstPad>::share(source);
  for (int i = 0; pad && i < kMostBetween; ++i) {
    if (GST_IS_GHOST_PAD(pad.get())) {
      pad = Ref<GstPad>::adopt(gst_ghost_pad_get_target(GST_GHOST_PAD(pad.get())));
      continue;
    }
    auto element = Ref<GstElement>::adopt(gst_pad_get_parent_element(pad.get()));
    if (!element || is_jitter_buffer(element.get())) return element;
    pad = upstream_of(element.get());
  }
  return {};
}

gulong drop_media(GstPad* source) {
  return gst_pad_add_probe(source, kMedia, drop, nullptr, nullptr);
}

void remove_stream(GstPad* source) {
  const auto webrtcbin = Ref<GstElement>::adopt(gst_pad_get_parent_element(source));
  if (!webrtcbin) return;
  if (const auto jitter_buffer = jitter_buffer_of(source)) forget(jitter_buffer.get());
  gst_pad_set_active(source, FALSE);
  gst_element_remove_pad(webrtcbin.get(), source);
}

}  // namespace gstlk::client
