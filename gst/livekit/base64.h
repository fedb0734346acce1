// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace gstlk::livekit {

// RFC 4648. Reads both alphabets, with or without padding, because clients differ; nullopt for any
// other character and for a length that no encoder makes.
std::optional<Bytes> decode_base64(std::string_view text);

// The URL-safe alphabet without padding (section 5), as tokens need it.
std::string encode_base64url(ByteView bytes);

// The standard alphabet with padding (section 4).
std::string encode_base64(ByteView bytes);

}  // namespace gstlk::livekit
