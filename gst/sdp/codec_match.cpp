// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sdp/codec_match.h"

#include <algorithm>
#include <cstdint>

#include "sdp/text.h"

namespace gstlk::sdp {
namespace {

// RFC 6184 table 5: which profile_idc and constraint flags (profile-iop) mean which profile. A flag
// that is not in `mask` may have either value.
struct H264Pattern {
  uint8_t profile_idc;
  uint8_t mask;
  uint8_t value;
  enum class Profile : uint8_t {
    ConstrainedBaseline,
    Baseline,
    Main,
    High,
    ConstrainedHigh
  } profile;
};
using H264Profile = H264Pattern::Profile;

constexpr H264Pattern kH264Patterns[] = {
    {0x42, 0x4f, 0x40, H264Profile::ConstrainedBaseline},
    {0x4d, 0x8f, 0x80, H264Profile::ConstrainedBaseline},
    {0x58, 0xcf, 0xc0, H264Profile::ConstrainedBaseline},
    {0x42, 0x4f, 0x00, H264Profile::Baseline},
    {0x58, 0xcf, 0x80, H264Profile::Baseline},
    {0x4d, 0xaf, 0x00, H264Profile::Main},
    {0x64, 0xff, 0x00, H264Profile::High},
    {0x64, 0xff, 0x0c, H264Profile::ConstrainedHigh},
};

std::optional<H264Profile> h264_profile(std::string_view fmtp) {
  const auto text = fmtp_parameter(fmtp, "profile-level-id");
  // RFC 6184 takes its absence for the Baseline profile; those who leave it out (webrtcbin) send
  // what every decoder takes.
  if (!text) return H264Profile::ConstrainedBaseline;
  const auto number = parse_number<uint32_t>(*text, 16);
  if (!number || text->size() != 6) return std::nullopt;
  for (const H264Pattern& pattern : kH264Patterns) {
    if (pattern.profile_idc == *number >> 16 && pattern.value == ((*number >> 8) & pattern.mask))
      return pattern.profile;
  }
  return std::nullopt;
}

bool same_parameter(const Format& a, const Format& b, std::string_view name,
                    std::string_view absent) {
  return fmtp_parameter(a.fmtp, name).value_or(absent) ==
         fmtp_parameter(b.fmtp, name).value_or(absent);
}

bool same_h264(const Format& a, const Format& b) {
  const auto profile = h264_profile(a.fmtp);
  return profile && profile == h264_profile(b.fmtp) &&
         same_parameter(a, b, "packetization-mode", "0");
}

}  // namespace

std::optional<std::string_view> fmtp_parameter(std::string_view fmtp, std::string_view name) {
  while (!fmtp.empty()) {
    std::string_view parameter = trim(take_token(fmtp, ';'));
    if (equals_ignoring_case(trim(take_token(parameter, '=')), name)) return trim(parameter);
  }
  return std::nullopt;
}

bool same_codec(const Format& a, const Format& b) {
  // RFC 8866 section 6.6: the channels may be left out if there is one.
  if (!equals_ignoring_case(a.encoding_name, b.encoding_name) || a.clock_rate != b.clock_rate ||
      std::max<uint8_t>(a.channels, 1) != std::max<uint8_t>(b.channels, 1))
    return false;
  if (equals_ignoring_case(a.encoding_name, "H264")) return same_h264(a, b);
  if (equals_ignoring_case(a.encoding_name, "VP9")) return same_parameter(a, b, "profile-id", "0");
  if (equals_ignoring_case(a.encoding_name, "AV1")) return same_parameter(a, b, "profile", "0");
  if (equals_ignoring_case(a.encoding_name, "H265")) return same_parameter(a, b, "profile-id", "1");
  return true;
}

}  // namespace gstlk::sdp
