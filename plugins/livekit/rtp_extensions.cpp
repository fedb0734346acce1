// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/rtp_extensions.h"

#include <gst/rtp/gstrtphdrext.h>

#include <string_view>

#include "base/ref.h"

namespace gstlk::client {

namespace {

void element_added(GstBin*, GstBin*, GstElement* element, gpointer) {
  GstElementFactory* factory = gst_element_get_factory(element);
  if (!factory || std::string_view(GST_OBJECT_NAME(factory)) != "rtprtxsend") return;
  add_extension(element, kRidExtension);
  add_extension(element, kRepairedRidExtension);
}

}  // namespace

void add_extension(GstElement* element, const RtpExtension& extension, const char* property,
                   const std::string& value) {
  const auto object = Ref<GstRTPHeaderExtension>::adopt(
      gst_rtp_header_extension_create_from_uri(extension.uri));
  if (!object) return;
  gst_rtp_header_extension_set_id(object.get(), extension.id);
  if (property) g_object_set(object.get(), property, value.c_str(), nullptr);
  g_signal_emit_by_name(element, "add-extension", object.get());
}

void mark_retransmissions(GstElement* webrtcbin) {
  g_signal_connect(webrtcbin, "deep-element-added", G_CALLBACK(element_added), nullptr);
}

}  // namespace gstlk::client
