// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/media_format.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

namespace gstlk::client {

namespace {

// Our offers say the first one, whichever comes (sdp_translation.h).
constexpr std::array<std::string_view, 6> kH264Profiles = {
    "constrained-baseline", "baseline", "main", "constrained-high", "high", "progressive-high"};

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

Result<void> check_profile(const GstStructure* structure) {
  const char* profile = gst_structure_get_string(structure, "profile");
  if (!profile || !gst_structure_has_name(structure, "video/x-h264")) return {};
  if (std::ranges::find(kH264Profiles, std::string_view(profile)) != kH264Profiles.end()) return {};
  return fail(
      std::string("browsers do not decode H264 of the profile ") + profile +
      "; have it encoded with the caps video/x-h264,profile=constrained-baseline, of 8 bits "
      "and 4:2:0, or give livekitsink the raw video");
}

std::string h264_caps() {
  const std::string first(kH264Profiles.front());
  std::string others;
  for (const std::string_view profile : std::span(kH264Profiles).subspan(1))
    others.append(others.empty() ? "" : ",").append(profile);
  // An encoder takes the structures in this order, but profiles of a list in its own.
  return "video/x-h264,profile=(string)" + first + ";video/x-h264,profile=(string){" + others +
         "};video/x-h264";
}

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
  if (const auto allowed = check_profile(structure); !allowed) return fail(allowed.error().message);
  format.form = name == "application/x-rtp" ? MediaFormat::Form::Rtp : MediaFormat::Form::Encoded;
  const auto codec = codec_of(structure, format.form);
  if (!codec) return fail(codec.error().message);
  format.codec = *codec;
  format.kind = format.codec->kind;
  return format;
}

}  // namespace gstlk::client
