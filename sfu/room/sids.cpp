// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/sids.h"

#include <glib.h>

#include <array>

#include "base/bytes.h"
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

// 57 characters and 32 bits: the bias is 1 in 75 million.
using SidBytes = std::array<uint8_t, 4 * kLength>;

std::string sid_from(std::string_view prefix, const SidBytes& bytes) {
  std::string sid(prefix);
  for (size_t i = 0; i < kLength; ++i)
    sid += kAlphabet[load_u32(bytes.data() + 4 * i) % kAlphabet.size()];
  return sid;
}

}  // namespace

std::string make_sid(std::string_view prefix, RandomSource random) {
  SidBytes bytes;
  random(bytes);
  return sid_from(prefix, bytes);
}

std::string sid_of(std::string_view prefix, std::string_view text) {
  SidBytes bytes;  // as many as SHA-384 has
  gsize size = bytes.size();
  GChecksum* checksum = g_checksum_new(G_CHECKSUM_SHA384);
  g_checksum_update(checksum, reinterpret_cast<const guchar*>(text.data()),
                    static_cast<gssize>(text.size()));
  g_checksum_get_digest(checksum, bytes.data(), &size);
  g_checksum_free(checksum);
  return sid_from(prefix, bytes);
}

TrackId make_track_sid(const ::livekit::AddTrackRequest& request, RandomSource random) {
  std::string prefix = request.type() == ::livekit::VIDEO ? "TR_V" : "TR_A";
  prefix += source_letter(request.source());
  return TrackId(make_sid(prefix, random));
}

}  // namespace gstlk::room
