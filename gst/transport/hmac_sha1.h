// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <openssl/sha.h>

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace gstlk::transport {

// HMAC-SHA1 (RFC 2104) with the hashed pads of one key kept, which makes a short message four times
// cheaper than a one-shot HMAC(): STUN's MESSAGE-INTEGRITY and the tag of AES_CM_128_HMAC_SHA1_80.
// The low-level SHA1 functions are deprecated in OpenSSL 3 but have no equal in the new interface.
// Thread-safe: sign() copies the cached state.
class HmacSha1 {
 public:
  using Digest = std::array<uint8_t, SHA_DIGEST_LENGTH>;

  explicit HmacSha1(ByteView key);

  // The digest of `first` followed by `second`.
  Digest sign(ByteView first, ByteView second = {}) const;

 private:
  SHA_CTX inner_;
  SHA_CTX outer_;
};

}  // namespace gstlk::transport
