// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/codec.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/ref.h"

namespace gstlk::client {

namespace {

constexpr std::array<Codec, 6> kCodecs = {{
    {"vp8", MediaKind::Video, "VP8", 96, 90000, "video/x-vp8", nullptr, "rtpvp8pay", "rtpvp8depay"},
    {"vp9", MediaKind::Video, "VP9", 98, 90000, "video/x-vp9", "vp9parse", "rtpvp9pay",
     "rtpvp9depay"},
    {"h264", MediaKind::Video, "H264", 102, 90000,
     "video/x-h264,stream-format=byte-stream,alignment=au", "h264parse", "rtph264pay",
     "rtph264depay"},
    {"h265", MediaKind::Video, "H265", 104, 90000,
     "video/x-h265,stream-format=byte-stream,alignment=au", "h265parse", "rtph265pay",
     "rtph265depay"},
    {"av1", MediaKind::Video, "AV1", 106, 90000, "video/x-av1", "av1parse", "rtpav1pay",
     "rtpav1depay"},
    {"opus", MediaKind::Audio, "OPUS", 111, 48000, "audio/x-opus", nullptr, "rtpopuspay",
     "rtpopusdepay"},
}};

template <class Matches>
const Codec* find(Matches matches) {
  const auto it = std::ranges::find_if(kCodecs, matches);
  return it == kCodecs.end() ? nullptr : &*it;
}

}  // namespace

std::span<const Codec> codecs() { return kCodecs; }

const Codec* codec_by_name(std::string_view name) {
  return find([name](const Codec& codec) { return codec.name == name; });
}

const Codec* codec_by_encoding(std::string_view encoding) {
  const std::string text(encoding);
  return find([&text](const Codec& codec) {
    return g_ascii_strcasecmp(codec.encoding, text.c_str()) == 0;
  });
}

bool can_receive(std::string_view encoding) {
  const Codec* codec = codec_by_encoding(encoding);
  return codec && Ref<GstElementFactory>::adopt(gst_element_factory_find(codec->depayloader)).get();
}

const Codec* codec_by_media_type(std::string_view media_type) {
  return find([media_type](const Codec& codec) {
    const std::string_view media = codec.media;
    return media.substr(0, media.find(',')) == media_type;
  });
}

}  // namespace gstlk::client
