// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "api/authentication.h"
#include "base/time.h"
#include "livekit/access_token.h"

namespace gstlk::api {

inline constexpr livekit::UnixTime kNow{std::chrono::seconds(1'700'000'000)};
inline livekit::UnixTime fake_clock() { return kNow; }

inline const livekit::ApiKeys kKeys{{"APIone", "secret one"}};

inline std::string token_granting(const livekit::Grants& grants) {
  livekit::Claims claims;
  claims.issuer = "APIone";
  claims.expires_at = kNow + 1h;
  claims.grants = grants;
  claims.grants.identity = "somebody";
  return livekit::sign_token(claims, "secret one");
}
inline std::string token_with(const livekit::VideoGrant& video) {
  livekit::Grants grants;
  grants.video = video;
  return token_granting(grants);
}

}  // namespace gstlk::api
