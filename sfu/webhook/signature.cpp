// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook/signature.h"

#include <openssl/evp.h>

#include <array>

#include "livekit/base64.h"

namespace gstlk::webhook {
namespace {

constexpr std::chrono::minutes kValidity{5};

}  // namespace

std::string sign(std::string_view body, const std::string& api_key, std::string_view secret,
                 livekit::UnixTime now) {
  std::array<uint8_t, 32> digest{};
  EVP_Digest(body.data(), body.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  livekit::Claims claims;
  claims.issuer = api_key;
  claims.not_before = now;
  claims.expires_at = now + kValidity;
  claims.grants.sha256 = livekit::encode_base64(digest);
  return livekit::sign_token(claims, secret);
}

}  // namespace gstlk::webhook
