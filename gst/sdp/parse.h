// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "sdp/session_description.h"

namespace gstlk::sdp {

inline constexpr size_t kMaxTextSize = 1 << 20;
inline constexpr size_t kMaxMediaSections = 1000;

// Reads an SDP text of untrusted origin in time linear in its size. An error names the line; an
// unknown attribute, or an attribute whose loss only loses a feature, is skipped. Lines end in LF
// or CRLF.
Result<SessionDescription> parse(std::string_view text);

}  // namespace gstlk::sdp
