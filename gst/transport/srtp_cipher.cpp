// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/srtp_cipher.h"

namespace gstlk::transport {
namespace {

void xor_u32(uint8_t* p, uint32_t v) { store_u32(p, load_u32(p) ^ v); }

bool is_gcm(SrtpProfile profile) { return profile == SrtpProfile::AeadAes128Gcm; }

}  // namespace

SrtpCipher::SrtpCipher(const SrtpSessionKey& key, Direction direction)
    : profile_(key.profile),
      // Counter mode encrypts both ways.
      cipher_(is_gcm(key.profile) ? ProviderCipher::aes_128_gcm() : ProviderCipher::aes_128_ctr(),
              key.key, !is_gcm(key.profile) || direction == Direction::Protect),
      salt_(key.salt),
      hmac_(key.authentication) {}

void SrtpCipher::begin(uint32_t ssrc, uint64_t index) {
  std::array<uint8_t, 16> iv = salt_;
  // GCM: 00 00 | SSRC | index. CM: 00 00 00 00 | SSRC | index | 00 00 (the block counter).
  const bool gcm = is_gcm(profile_);
  const size_t at = gcm ? 2 : 4;
  xor_u32(&iv[at], ssrc);
  iv[at + 4] ^= static_cast<uint8_t>(index >> 40);
  iv[at + 5] ^= static_cast<uint8_t>(index >> 32);
  xor_u32(&iv[at + 6], static_cast<uint32_t>(index));
  cipher_.begin(ByteView(iv).first(gcm ? 12 : 16));
}

}  // namespace gstlk::transport
