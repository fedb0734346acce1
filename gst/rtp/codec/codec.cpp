// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>
#include <utility>

#include "rtp/codec/payload_descriptor.h"
#include "rtp/codec/payload_parser.h"

namespace gstlk::rtp {

namespace {

struct CodecName {
  Codec codec;
  std::string_view name;
};

constexpr std::array<CodecName, 10> kNames{{
    {Codec::Opus, "OPUS"},
    {Codec::Red, "RED"},
    {Codec::Pcmu, "PCMU"},
    {Codec::Pcma, "PCMA"},
    {Codec::Vp8, "VP8"},
    {Codec::Vp9, "VP9"},
    {Codec::H264, "H264"},
    {Codec::H265, "H265"},
    {Codec::Av1, "AV1"},
    {Codec::Rtx, "RTX"},
}};

constexpr char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

}  // namespace

Codec codec_from_name(std::string_view encoding_name) {
  for (const CodecName& entry : kNames)
    if (std::ranges::equal(entry.name, encoding_name, {}, {}, to_upper)) return entry.codec;
  return Codec::Unknown;
}

std::string_view name_of(Codec codec) {
  for (const CodecName& entry : kNames)
    if (entry.codec == codec) return entry.name;
  return {};
}

std::optional<PayloadDescriptor> parse_payload(Codec codec, ByteView payload, bool marker) {
  switch (codec) {
    case Codec::Vp8:
      return parse_vp8(payload, marker);
    case Codec::Vp9:
      return parse_vp9(payload, marker);
    case Codec::H264:
      return parse_h264(payload, marker);
    case Codec::H265:
      return parse_h265(payload, marker);
    case Codec::Av1:
      return parse_av1(payload, marker);
    case Codec::Unknown:
    case Codec::Opus:
    case Codec::Red:
    case Codec::Pcmu:
    case Codec::Pcma:
    case Codec::Rtx:
      break;
  }
  PayloadDescriptor descriptor;
  descriptor.codec = codec;
  descriptor.keyframe = true;
  descriptor.start_of_frame = true;
  descriptor.end_of_frame = true;
  return descriptor;
}

}  // namespace gstlk::rtp
