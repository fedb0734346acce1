// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/media_format.h"

#include <string>
#include <string_view>

namespace gstlk::client {

namespace {

Result<const Codec*> codec_of(const GstStructure* structure, MediaFormat::Form form) {
  const std::string media_type = gst_structure_get_name(structure);
  const char* encoding = gst_structure_get_string(structure, "encoding-name");
  const std::string name = form == MediaFormat::Form::Rtp && encoding ? encoding : media_type;
  const Codec* codec =
      form == MediaFormat::Form::Rtp ? codec_by_encoding(name) : codec_by_media_type(media_type);
  if (!codec)
    return fail(name + " cannot be published; decode it, or encode it as H264, VP8, VP9 or Opus");
  for (const char* factory : {codec->payloader, codec->parser}) {
    if (!factory) continue;
    GstElementFactory* found = gst_element_factory_find(factory);
    if (!found)
      return fail(std::string(codec->encoding) + " needs the element " + factory +
                  ", which is not installed; decode it in front of livekitsink");
    gst_object_unref(found);
  }
  return codec;
}

}  // namespace

Result<MediaFormat> media_format(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const std::string_view name = gst_structure_get_name(structure);
  MediaFormat format;
  gst_structure_get_int(structure, "width", &format.width);
  gst_structure_get_int(structure, "height", &format.height);
  gst_structure_get_int(structure, "channels", &format.channels);
  if (name == "video/x-raw" || name == "audio/x-raw") {
    format.kind = name == "video/x-raw" ? MediaKind::Video : MediaKind::Audio;
    return format;
  }
  format.form = name == "application/x-rtp" ? MediaFormat::Form::Rtp : MediaFormat::Form::Encoded;
  const auto codec = codec_of(structure, format.form);
  if (!codec) return fail(codec.error().message);
  format.codec = *codec;
  format.kind = format.codec->kind;
  return format;
}

}  // namespace gstlk::client
