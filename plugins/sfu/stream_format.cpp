// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/stream_format.h"

#include <cstdlib>
#include <cstring>

namespace gstlk::sfu {
namespace {

gboolean read_extension(GQuark field, const GValue* value, gpointer data) {
  const char* name = g_quark_to_string(field);
  if (!g_str_has_prefix(name, "extmap-")) return TRUE;
  const int id = atoi(name + strlen("extmap-"));
  // GStreamer writes either the URI, or an array of direction, URI and attributes.
  const char* uri = nullptr;
  if (G_VALUE_HOLDS_STRING(value)) {
    uri = g_value_get_string(value);
  } else if (GST_VALUE_HOLDS_ARRAY(value) && gst_value_array_get_size(value) > 1) {
    uri = g_value_get_string(gst_value_array_get_value(value, 1));
  }
  if (uri && id > 0 && id < 256) {
    static_cast<rtp::ExtensionMap*>(data)->add(static_cast<uint8_t>(id), uri);
  }
  return TRUE;
}

}  // namespace

std::optional<StreamFormat> StreamFormat::from_caps(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const char* name = gst_structure_get_string(structure, "encoding-name");
  int clock_rate = 0;
  if (!name || !gst_structure_get_int(structure, "clock-rate", &clock_rate) || clock_rate <= 0) {
    return std::nullopt;
  }
  StreamFormat format;
  format.codec = rtp::codec_from_name(name);
  format.clock_rate = static_cast<uint32_t>(clock_rate);
  int red = 0;
  if (gst_structure_get_int(structure, "red-payload", &red)) {
    format.red = PayloadType(static_cast<uint8_t>(red));
  }
  gst_structure_foreach(structure, read_extension, &format.extensions);
  return format;
}

}  // namespace gstlk::sfu
