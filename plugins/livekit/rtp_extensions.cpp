// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/rtp_extensions.h"

#include <gst/rtp/gstrtphdrext.h>

#include "base/ref.h"

namespace gstlk::client {

void add_extension(GstElement* element, const RtpExtension& extension, const char* property,
                   const std::string& value) {
  const auto object =
      Ref<GstRTPHeaderExtension>::adopt(gst_rtp_header_extension_create_from_uri(extension.uri));
  if (!object) return;
  gst_rtp_header_extension_set_id(object.get(), extension.id);
  if (property) g_object_set(object.get(), property, value.c_str(), nullptr);
  g_signal_emit_by_name(element, "add-extension", object.get());
}

}  // namespace gstlk::client
