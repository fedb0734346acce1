// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit/access_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/bytes.h"
#include "livekit/base64.h"
#include "livekit/claims_json.h"
#include "livekit/json.h"

namespace gstlk::livekit {
namespace {

constexpr std::chrono::seconds kLeeway{60};
// A room configuration and attributes fit; a header line of 64 kB is the most that HTTP lets in.
constexpr size_t kMaxTokenSize = 64 * 1024;

using Digest = std::array<uint8_t, 32>;

Digest hmac_sha256(std::string_view secret, std::string_view text) {
  Digest digest{};
  unsigned int size = digest.size();
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const uint8_t*>(text.data()), text.size(), digest.data(), &size);
  return digest;
}

Unexpected<TokenError> invalid(std::string_view why) {
  return {TokenError{TokenFault::Invalid, "invalid authorization token: " + std::string(why)}};
}

// One of the two JSON objects in front of the signature.
JsonPtr decode_object(std::string_view part) {
  const std::optional<Bytes> bytes = decode_base64(part);
  if (!bytes) return nullptr;
  JsonPtr node = parse_json(as_text(*bytes));
  return node && JSON_NODE_HOLDS_OBJECT(node.get()) ? std::move(node) : nullptr;
}

bool is_hs256(std::string_view header) {
  const JsonPtr node = decode_object(header);
  if (!node) return false;
  JsonNode* algorithm = json_object_get_member(json_node_get_object(node.get()), "alg");
  return algorithm && json_node_get_value_type(algorithm) == G_TYPE_STRING &&
         json_node_get_string(algorithm) == std::string_view("HS256");
}

bool is_signed_by(std::string_view secret, std::string_view text, std::string_view signature) {
  const std::optional<Bytes> given = decode_base64(signature);
  const Digest wanted = hmac_sha256(secret, text);
  return given && given->size() == wanted.size() &&
         CRYPTO_memcmp(given->data(), wanted.data(), wanted.size()) == 0;
}

}  // namespace

Result<Claims, TokenError> verify_token(std::string_view token, const ApiKeys& keys, UnixTime now) {
  const size_t payload_at = token.find('.');
  const size_t signature_at = token.rfind('.');
  if (token.size() > kMaxTokenSize || payload_at == signature_at) return invalid("not a JWT");
  const std::string_view header = token.substr(0, payload_at);
  const std::string_view payload = token.substr(payload_at + 1, signature_at - payload_at - 1);
  if (!is_hs256(header)) return invalid("not signed with HS256");

  const JsonPtr object = decode_object(payload);
  if (!object) return invalid("not a JWT");
  std::optional<Claims> claims = read_claims(json_node_get_object(object.get()));
  if (!claims) return invalid("a claim is missing or has the wrong type");

  const auto key = keys.find(claims->issuer);
  if (key == keys.end()) {
    return Unexpected{TokenError{TokenFault::UnknownKey, "invalid API key"}};
  }
  if (!is_signed_by(key->second, token.substr(0, signature_at), token.substr(signature_at + 1))) {
    return invalid("wrong signature");
  }
  if (now > claims->expires_at + kLeeway) return invalid("token is expired");
  if (claims->not_before && now + kLeeway < *claims->not_before) {
    return invalid("token is not valid yet");
  }
  if (claims->issued_at && now + kLeeway < *claims->issued_at) {
    return invalid("token is issued in the future");
  }
  return std::move(*claims);
}

std::string sign_token(const Claims& claims, std::string_view secret) {
  const std::string payload = print_json(write_claims(claims).get());
  std::string token = encode_base64url(as_bytes(R"({"alg":"HS256","typ":"JWT"})")) + "." +
                      encode_base64url(as_bytes(payload));
  const Digest digest = hmac_sha256(secret, token);
  return token + "." + encode_base64url(digest);
}

}  // namespace gstlk::livekit
