// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

#include "livekit/access_token.h"

namespace gstlk::webhook {

// What proves to a receiver that `body` is ours: a token of `api_key` that is valid for five
// minutes and whose claim sha256 is the body's hash in base64. It is all of the Authorization
// header, without "Bearer".
std::string sign(std::string_view body, const std::string& api_key, std::string_view secret,
                 livekit::UnixTime now);

}  // namespace gstlk::webhook
