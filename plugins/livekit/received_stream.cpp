// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/received_stream.h"

#include <cstdio>
#include <string>
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

// Nothing goes in through the demuxer's pad any more, and nobody is inside.
void stop_input(GstElement* demuxer, const std::string& name) {
  const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(demuxer, name.c_str()));
  if (!pad) return;
  drop_media(pad.get());
  const auto behind = Ref<GstPad>::adopt(gst_pad_get_peer(pad.get()));
  if (!behind) return;
  GST_PAD_STREAM_LOCK(behind.get());
  GST_PAD_STREAM_UNLOCK(behind.get());
}

// rtpbin takes a stream apart when the demuxer in front of its jitter buffer forgets it. It holds
// its lock meanwhile and waits for who is inside the jitter buffer, who may want that lock for a
// sender report.
void forget(GstElement* jitter_buffer) {
  const auto ahead = upstream_of(jitter_buffer);
  const auto demuxer =
      ahead ? Ref<GstElement>::adopt(gst_pad_get_parent_element(ahead.get())) : Ref<GstElement>();
  guint ssrc = 0;
  if (!demuxer || std::sscanf(GST_PAD_NAME(ahead.get()), "src_%u", &ssrc) != 1 ||
      !g_signal_lookup("clear-ssrc", G_OBJECT_TYPE(demuxer.get())))
    return;
  for (const char* name : {"src_", "rtcp_src_"})
    stop_input(demuxer.get(), name + std::to_string(ssrc));
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

void keep_nothing_for_fec(GstElement* webrtcbin, GstElement* rtpbin) {
  g_signal_handlers_disconnect_matched(
      rtpbin, static_cast<GSignalMatchType>(G_SIGNAL_MATCH_ID | G_SIGNAL_MATCH_DATA),
      g_signal_lookup("request-fec-decoder-full", G_OBJECT_TYPE(rtpbin)), 0, nullptr, nullptr,
      webrtcbin);
  // Behind webrtcbin's own, which sets it.
  g_signal_connect(rtpbin, "new-storage", G_CALLBACK(+[](GstElement*, GstElement* storage, guint) {
                     g_object_set(storage, "size-time", guint64{0}, nullptr);
                   }),
                   nullptr);
}

void remove_stream(GstPad* source, bool with_jitter_buffer) {
  const auto webrtcbin = Ref<GstElement>::adopt(gst_pad_get_parent_element(source));
  if (!webrtcbin) return;
  const auto jitter_buffer = with_jitter_buffer ? jitter_buffer_of(source) : Ref<GstElement>();
  if (jitter_buffer) forget(jitter_buffer.get());
  gst_pad_set_active(source, FALSE);
  gst_element_remove_pad(webrtcbin.get(), source);
}

}  // namespace gstlk::client
