// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "livekit/grants.h"

// LiveKit's access token: a JWT (RFC 7519) signed with HS256 and the bytes of the API secret. The
// clock is an argument; tokens are text from the network and bounded in size.
namespace gstlk::livekit {

// Secret by API key.
using ApiKeys = std::map<std::string, std::string, std::less<>>;

// The wall clock, which is what a token's times mean.
using UnixTime = std::chrono::sys_seconds;

struct Claims {
  std::string issuer;  // the API key
  UnixTime expires_at{};
  std::optional<UnixTime> not_before;
  std::optional<UnixTime> issued_at;
  Grants grants;
};

enum class TokenFault : uint8_t {
  Invalid,     // not parseable, other algorithm, bad signature, outside its time
  UnknownKey,  // its issuer is not one of ours
};

// `message` is what LiveKit answers, with status 401: "invalid API key" or
// "invalid authorization token" and why.
struct TokenError {
  TokenFault fault = TokenFault::Invalid;
  std::string message;
};

// Accepts HS256 alone. Times may be off by a minute; "exp" must be there.
Result<Claims, TokenError> verify_token(std::string_view token, const ApiKeys& keys, UnixTime now);

// Of the claims, times that are nullopt and grants at their defaults are left out.
std::string sign_token(const Claims& claims, std::string_view secret);

}  // namespace gstlk::livekit
