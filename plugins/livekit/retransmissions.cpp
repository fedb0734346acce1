// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/retransmissions.h"

#include <string_view>

#include "plugins/livekit/rtp_extensions.h"

namespace gstlk::client {

namespace {

// Bits per second of which reports and requests may make use; they take what they need of it.
constexpr double kRtcpBandwidth = 1'000'000;

bool is_of(GstElement* element, std::string_view name) {
  GstElementFactory* factory = gst_element_get_factory(element);
  return factory && name == GST_OBJECT_NAME(factory);
}

void mark(GstBin*, GstBin*, GstElement* element, gpointer) {
  if (!is_of(element, "rtprtxsend")) return;
  add_extension(element, kRidExtension);
  add_extension(element, kRepairedRidExtension);
}

void widen(GstBin*, GstBin*, GstElement* element, gpointer) {
  if (is_of(element, "rtpsession")) g_object_set(element, "rtcp-fraction", kRtcpBandwidth, nullptr);
}

}  // namespace

void mark_retransmissions(GstElement* webrtcbin) {
  g_signal_connect(webrtcbin, "deep-element-added", G_CALLBACK(mark), nullptr);
}

void request_retransmissions_at_once(GstElement* webrtcbin) {
  g_signal_connect(webrtcbin, "deep-element-added", G_CALLBACK(widen), nullptr);
}

}  // namespace gstlk::client
