// SPDX-License-Identifier: LGPL-2.1-or-later
#define OPENSSL_SUPPRESS_DEPRECATED

#include "transport/hmac_sha1.h"

#include <algorithm>

namespace gstlk::transport {
namespace {

SHA_CTX hashed_pad(ByteView key, uint8_t pad) {
  std::array<uint8_t, SHA_CBLOCK> block;
  block.fill(pad);
  for (size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
  SHA_CTX state;
  SHA1_Init(&state);
  SHA1_Update(&state, block.data(), block.size());
  return state;
}

}  // namespace

HmacSha1::HmacSha1(ByteView key) {
  Digest digest;
  if (key.size() > SHA_CBLOCK) {
    SHA1(key.data(), key.size(), digest.data());
    key = digest;
  }
  inner_ = hashed_pad(key, 0x36);
  outer_ = hashed_pad(key, 0x5c);
}

HmacSha1::Digest HmacSha1::sign(ByteView first, ByteView second) const {
  Digest digest;
  SHA_CTX state = inner_;
  SHA1_Update(&state, first.data(), first.size());
  if (!second.empty()) SHA1_Update(&state, second.data(), second.size());
  SHA1_Final(digest.data(), &state);
  state = outer_;
  SHA1_Update(&state, digest.data(), digest.size());
  SHA1_Final(digest.data(), &state);
  return digest;
}

}  // namespace gstlk::transport
