// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string_view>

#include "sdp/media_plan.h"

namespace gstlk::sdp {

// The value of parameter `name` in "a=1;b=2"; empty where it has none.
std::optional<std::string_view> fmtp_parameter(std::string_view fmtp, std::string_view name);

// Whether two formats name one codec that can be forwarded between them without touching it: the
// encoding name, clock and channels, and of the parameters those that choose a bitstream
// (H.264 RFC 6184 section 8.2.2, VP9 RFC 9628 section 6, AV1, H.265 RFC 7798). Levels are no
// difference.
bool same_codec(const Format& a, const Format& b);

}  // namespace gstlk::sdp
