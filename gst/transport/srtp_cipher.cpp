// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/srtp_cipher.h"

#include <openssl/crypto.h>

#include <algorithm>

namespace gstlk::transport {
namespace {

void xor_u32(uint8_t* p, uint32_t v) { store_u32(p, load_u32(p) ^ v); }

bool is_gcm(SrtpProfile profile) { return profile == SrtpProfile::AeadAes128Gcm; }

SrtpCipher::Engine make_engine(const SrtpSessionKey& key, SrtpCipher::Direction direction) {
  const bool protect = direction == SrtpCipher::Direction::Protect;
  if (!is_gcm(key.profile)) {
    // Counter mode encrypts both ways.
    return ProviderCipher(ProviderCipher::aes_128_ctr(), key.key, true);
  }
  if (FastGcm::available()) return FastGcm(key.key, protect);
  return ProviderCipher(ProviderCipher::aes_128_gcm(), key.key, protect);
}

}  // namespace

SrtpCipher::SrtpCipher(const SrtpSessionKey& key, Direction direction)
    : profile_(key.profile),
      engine_(make_engine(key, direction)),
      salt_(key.salt),
      hmac_(key.authentication) {}

std::array<uint8_t, 16> SrtpCipher::make_iv(uint32_t ssrc, uint64_t index) const {
  std::array<uint8_t, 16> iv = salt_;
  // GCM: 00 00 | SSRC | index. CM: 00 00 00 00 | SSRC | index | 00 00 (the block counter).
  const size_t at = is_gcm(profile_) ? 2 : 4;
  xor_u32(&iv[at], ssrc);
  iv[at + 4] ^= static_cast<uint8_t>(index >> 40);
  iv[at + 5] ^= static_cast<uint8_t>(index >> 32);
  xor_u32(&iv[at + 6], static_cast<uint32_t>(index));
  return iv;
}

void SrtpCipher::begin(uint32_t ssrc, uint64_t index) {
  std::get<ProviderCipher>(engine_).begin(make_iv(ssrc, index));
}

void SrtpCipher::begin_gcm(uint32_t ssrc, uint64_t index, ByteView authenticated,
                           const uint8_t* expected_tag) {
  const std::array<uint8_t, 16> iv = make_iv(ssrc, index);
  if (expected_tag) std::copy_n(expected_tag, expected_.size(), expected_.begin());
  if (auto* fast = std::get_if<FastGcm>(&engine_)) {
    fast->begin(std::span(iv).first<12>(), authenticated);
    return;
  }
  auto& cipher = std::get<ProviderCipher>(engine_);
  cipher.begin(ByteView(iv).first(12));
  if (expected_tag) cipher.expect(expected_);
  cipher.authenticate(authenticated);
}

void SrtpCipher::crypt(const uint8_t* in, uint8_t* out, size_t size) {
  if (auto* fast = std::get_if<FastGcm>(&engine_)) {
    fast->update({in, size}, out);
  } else {
    std::get<ProviderCipher>(engine_).update({in, size}, out);
  }
}

void SrtpCipher::finish_gcm(uint8_t* tag) {
  const std::span<uint8_t, 16> out(tag, 16);
  if (auto* fast = std::get_if<FastGcm>(&engine_)) {
    fast->finish(out);
  } else {
    std::get<ProviderCipher>(engine_).finish(out);
  }
}

bool SrtpCipher::verified_gcm() {
  auto* fast = std::get_if<FastGcm>(&engine_);
  if (!fast) return std::get<ProviderCipher>(engine_).verify();
  std::array<uint8_t, 16> tag;
  fast->finish(tag);
  return CRYPTO_memcmp(tag.data(), expected_.data(), tag.size()) == 0;
}

void SrtpCipher::prefetch_context() const {
  if (const auto* fast = std::get_if<FastGcm>(&engine_)) {
    fast->prefetch_context();
  } else {
    std::get<ProviderCipher>(engine_).prefetch_context();
  }
}

}  // namespace gstlk::transport
