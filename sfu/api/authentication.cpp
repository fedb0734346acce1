// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/authentication.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/time.h"

namespace gstlk::api {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr auto kMinLifetime = 10min;

}  // namespace

Authenticator::Authenticator(livekit::ApiKeys keys, UnixClock clock)
    : keys_(std::move(keys)), clock_(std::move(clock)) {}

Result<std::optional<livekit::Claims>, net::HttpResponse> Authenticator::authenticate(
    const net::HttpRequest& request) const {
  std::string_view token = request.header("Authorization");
  if (!token.empty()) {
    if (!token.starts_with(kBearer)) {
      return Unexpected{
          net::plain_text(401, "invalid authorization header. Must start with Bearer ")};
    }
    token.remove_prefix(kBearer.size());
  } else {
    token = request.parameter("access_token");
  }
  if (token.empty()) return std::optional<livekit::Claims>();
  Result<livekit::Claims, livekit::TokenError> claims =
      livekit::verify_token(token, keys_, clock_());
  if (!claims) return Unexpected{net::plain_text(401, claims.error().message)};
  return std::optional<livekit::Claims>(std::move(*claims));
}

std::string Authenticator::sign(livekit::Claims claims) const {
  const auto& [key, secret] = *keys_.begin();
  const livekit::UnixTime now = clock_();
  claims.issuer = key;
  claims.expires_at = std::max<livekit::UnixTime>(claims.expires_at, now + kMinLifetime);
  // As LiveKit's server: it is a new token, which a removal of before does not concern.
  claims.not_before = now;
  claims.issued_at.reset();
  return livekit::sign_token(claims, secret);
}

std::string Authenticator::sign_as(const std::string& key, livekit::Claims claims) const {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return "";
  claims.issuer = key;
  return livekit::sign_token(claims, found->second);
}

}  // namespace gstlk::api
