// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/media_section.h"

#include <cstdlib>
#include <cstring>

namespace gstlk::sfu {
namespace {

std::string string_field(const GstStructure* structure, const char* name) {
  const char* value = gst_structure_get_string(structure, name);
  return value ? value : "";
}

int int_field(const GstStructure* structure, const char* name, int otherwise = 0) {
  int value = otherwise;
  gst_structure_get_int(structure, name, &value);
  return value;
}

bool bool_field(const GstStructure* structure, const char* name) {
  gboolean value = FALSE;
  gst_structure_get_boolean(structure, name, &value);
  return value;
}

template <class Visit>
void for_each_in_array(const GstStructure* structure, const char* name, Visit&& visit) {
  const GValue* array = gst_structure_get_value(structure, name);
  if (!array || !GST_VALUE_HOLDS_ARRAY(array)) return;
  for (guint i = 0; i < gst_value_array_get_size(array); ++i)
    visit(gst_value_array_get_value(array, i));
}

MediaSection::Format format_from(const GstStructure* structure) {
  MediaSection::Format format;
  format.encoding_name = string_field(structure, "encoding-name");
  format.channels = int_field(structure, "channels");
  format.fmtp = string_field(structure, "fmtp");
  format.receive.payload_type = PayloadType(static_cast<uint8_t>(int_field(structure, "payload")));
  format.receive.codec = rtp::codec_from_name(format.encoding_name);
  format.receive.clock_rate = static_cast<uint32_t>(int_field(structure, "clock-rate"));
  const int apt = int_field(structure, "apt", -1);
  if (apt >= 0) format.receive.apt = PayloadType(static_cast<uint8_t>(apt));
  format.receive.nack = bool_field(structure, "nack");
  format.receive.pli = bool_field(structure, "nack-pli");
  format.receive.fir = bool_field(structure, "ccm-fir");
  format.receive.transport_cc = bool_field(structure, "transport-cc");
  return format;
}

GstStructure* format_to_structure(const MediaSection::Format& format) {
  const rtp::ReceiveFormat& receive = format.receive;
  GstStructure* structure = gst_structure_new(
      "format", "payload", G_TYPE_INT, static_cast<int>(receive.payload_type.value),
      "encoding-name", G_TYPE_STRING, format.encoding_name.c_str(), "clock-rate", G_TYPE_INT,
      static_cast<int>(receive.clock_rate), "channels", G_TYPE_INT, format.channels, "fmtp",
      G_TYPE_STRING, format.fmtp.c_str(), "nack", G_TYPE_BOOLEAN, receive.nack, "nack-pli",
      G_TYPE_BOOLEAN, receive.pli, "ccm-fir", G_TYPE_BOOLEAN, receive.fir, "transport-cc",
      G_TYPE_BOOLEAN, receive.transport_cc, nullptr);
  if (receive.apt) {
    gst_structure_set(structure, "apt", G_TYPE_INT, static_cast<int>(receive.apt->value), nullptr);
  }
  return structure;
}

gboolean read_extension(GQuark field, const GValue* value, gpointer data) {
  const char* name = g_quark_to_string(field);
  auto* section = static_cast<MediaSection*>(data);
  if (!g_str_has_prefix(name, "extmap-") || !G_VALUE_HOLDS_STRING(value)) return TRUE;
  const int id = atoi(name + strlen("extmap-"));
  const char* uri = g_value_get_string(value);
  if (id < 1 || id > 255 || !uri) return TRUE;
  section->extension_uris.emplace_back(static_cast<uint8_t>(id), uri);
  section->extensions.add(static_cast<uint8_t>(id), uri);
  return TRUE;
}

void append(GValue& array, GType type, auto&& set) {
  GValue value = G_VALUE_INIT;
  g_value_init(&value, type);
  set(value);
  gst_value_array_append_and_take_value(&array, &value);
}

void take_array(GstStructure* structure, const char* name, GValue& array) {
  gst_structure_take_value(structure, name, &array);
}

}  // namespace

std::optional<MediaSection> MediaSection::from_structure(const GstStructure* structure) {
  if (!gst_structure_has_name(structure, "media-section")) return std::nullopt;
  MediaSection section;
  section.mid = Mid(string_field(structure, "mid"));
  if (section.mid.value.empty()) return std::nullopt;
  const std::string kind = string_field(structure, "kind");
  section.application = kind == "application";
  section.video = kind == "video";
  section.receive = bool_field(structure, "receive");
  section.send = bool_field(structure, "send");
  section.sctp_port = static_cast<uint16_t>(int_field(structure, "sctp-port", 5000));
  gst_structure_foreach(structure, read_extension, &section);
  for_each_in_array(structure, "formats", [&](const GValue* value) {
    if (GST_VALUE_HOLDS_STRUCTURE(value)) {
      section.formats.push_back(format_from(gst_value_get_structure(value)));
    }
  });
  for_each_in_array(structure, "rids", [&](const GValue* value) {
    if (G_VALUE_HOLDS_STRING(value)) section.rids.emplace_back(g_value_get_string(value));
  });
  for_each_in_array(structure, "ssrcs", [&](const GValue* value) {
    if (G_VALUE_HOLDS_UINT(value)) section.ssrcs.push_back({Ssrc(g_value_get_uint(value)), {}});
  });
  size_t index = 0;
  for_each_in_array(structure, "rtx-ssrcs", [&](const GValue* value) {
    if (index < section.ssrcs.size() && G_VALUE_HOLDS_UINT(value) && g_value_get_uint(value) != 0) {
      section.ssrcs[index].rtx = Ssrc(g_value_get_uint(value));
    }
    ++index;
  });
  return section;
}

GstStructure* MediaSection::to_structure() const {
  GstStructure* structure = gst_structure_new(
      "media-section", "mid", G_TYPE_STRING, mid.value.c_str(), "kind", G_TYPE_STRING,
      application ? "application" : (video ? "video" : "audio"), "receive", G_TYPE_BOOLEAN, receive,
      "send", G_TYPE_BOOLEAN, send, "sctp-port", G_TYPE_INT, static_cast<int>(sctp_port), nullptr);
  for (const auto& [id, uri] : extension_uris) {
    gst_structure_set(structure, ("extmap-" + std::to_string(id)).c_str(), G_TYPE_STRING,
                      uri.c_str(), nullptr);
  }
  GValue array = G_VALUE_INIT;
  g_value_init(&array, GST_TYPE_ARRAY);
  for (const Format& format : formats) {
    append(array, GST_TYPE_STRUCTURE,
           [&](GValue& value) { g_value_take_boxed(&value, format_to_structure(format)); });
  }
  take_array(structure, "formats", array);
  g_value_init(&array, GST_TYPE_ARRAY);
  for (const Rid& rid : rids) {
    append(array, G_TYPE_STRING,
           [&](GValue& value) { g_value_set_string(&value, rid.value.c_str()); });
  }
  take_array(structure, "rids", array);
  g_value_init(&array, GST_TYPE_ARRAY);
  for (const rtp::ReceiveSsrc& ssrc : ssrcs) {
    append(array, G_TYPE_UINT,
           [&](GValue& value) { g_value_set_uint(&value, ssrc.primary.value); });
  }
  take_array(structure, "ssrcs", array);
  g_value_init(&array, GST_TYPE_ARRAY);
  for (const rtp::ReceiveSsrc& ssrc : ssrcs) {
    append(array, G_TYPE_UINT,
           [&](GValue& value) { g_value_set_uint(&value, ssrc.rtx ? ssrc.rtx->value : 0); });
  }
  take_array(structure, "rtx-ssrcs", array);
  return structure;
}

rtp::ReceiveMedia MediaSection::to_receive_media() const {
  rtp::ReceiveMedia media;
  media.mid = mid;
  media.video = video;
  media.extensions = extensions;
  for (const Format& format : formats) media.formats.push_back(format.receive);
  media.rids = rids;
  media.ssrcs = ssrcs;
  return media;
}

const MediaSection::Format* MediaSection::find(rtp::Codec codec) const {
  for (const Format& format : formats) {
    if (format.receive.codec == codec) return &format;
  }
  return nullptr;
}

const MediaSection::Format* MediaSection::preferred() const {
  for (const Format& format : formats) {
    if (format.receive.codec == rtp::Codec::Red) return find(rtp::Codec::Opus);
    if (format.receive.codec != rtp::Codec::Rtx && format.receive.codec != rtp::Codec::Unknown)
      return &format;
  }
  return nullptr;
}

const MediaSection::Format* MediaSection::find_rtx(PayloadType payload_type) const {
  for (const Format& format : formats) {
    if (format.receive.codec == rtp::Codec::Rtx && format.receive.apt == payload_type)
      return &format;
  }
  return nullptr;
}

const MediaSection::Format* MediaSection::find(PayloadType payload_type) const {
  for (const Format& format : formats) {
    if (format.receive.payload_type == payload_type) return &format;
  }
  return nullptr;
}

const MediaSection* find_section(const std::vector<MediaSection>& sections, const Mid& mid) {
  for (const MediaSection& section : sections) {
    if (section.mid == mid) return &section;
  }
  return nullptr;
}

GstCaps* MediaSection::caps(const Rid& rid, const Format& format) const {
  gchar* name = g_ascii_strup(format.encoding_name.c_str(), -1);
  GstCaps* caps = gst_caps_new_simple(
      "application/x-rtp", "media", G_TYPE_STRING, video ? "video" : "audio", "mid", G_TYPE_STRING,
      mid.value.c_str(), "payload", G_TYPE_INT, static_cast<int>(format.receive.payload_type.value),
      "encoding-name", G_TYPE_STRING, name, "clock-rate", G_TYPE_INT,
      static_cast<int>(format.receive.clock_rate), nullptr);
  g_free(name);
  if (const Format* red = find(rtp::Codec::Red)) {
    gst_caps_set_simple(caps, "red-payload", G_TYPE_INT,
                        static_cast<int>(red->receive.payload_type.value), nullptr);
  }
  if (!rid.value.empty()) {
    gst_caps_set_simple(caps, "rid", G_TYPE_STRING, rid.value.c_str(), nullptr);
  }
  for (const auto& [id, uri] : extension_uris) {
    gst_caps_set_simple(caps, ("extmap-" + std::to_string(id)).c_str(), G_TYPE_STRING, uri.c_str(),
                        nullptr);
  }
  return caps;
}

}  // namespace gstlk::sfu
