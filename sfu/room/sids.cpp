// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/sids.h"

#include <array>

#include "livekit_rtc.pb.h"

namespace gstlk::room {
namespace {

constexpr std::string_view kAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr size_t kLength = 12;

std::string_view source_letter(::livekit::TrackSource source) {
  switch (source) {
    case ::livekit::CAMERA:
      return "C";
    case ::livekit::MICROPHONE:
      return "M";
    case ::livekit::SCREEN_SHARE:
      return "S";
    case ::livekit::SCREEN_SHARE_AUDIO:
      return "s";
    default:
      return "";
  }
}

}  // namespace

std::string make_sid(std::string_view prefix, RandomSource random) {
  // 57 characters and 32 bits: the bias is 1 in 75 million.
  std::array<uint8_t, 4 * kLength> bytes;
  random(bytes);
  std::string sid(prefix);
  for (size_t i = 0; i < kLength; ++i) {
    const uint32_t value = static_cast<uint32_t>(bytes[4 * i]) << 24 |
                           static_cast<uint32_t>(bytes[4 * i + 1]) << 16 |
                           static_cast<uint32_t>(bytes[4 * i + 2]) << 8 | bytes[4 * i + 3];
    sid += kAlphabet[value % kAlphabet.size()];
  }
  return sid;
}

TrackId make_track_sid(const ::livekit::AddTrackRequest& request, RandomSource random) {
  std::string prefix = request.type() == ::livekit::VIDEO ? "TR_V" : "TR_A";
  prefix += source_letter(request.source());
  return TrackId(make_sid(prefix, random));
}

}  // namespace gstlk::room
