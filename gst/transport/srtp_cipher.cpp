// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/srtp_cipher.h"

#include <algorithm>

namespace gstlk::transport {
namespace {

void xor_u32(uint8_t* p, uint32_t v) { store_u32(p, load_u32(p) ^ v); }

}  // namespace

SrtpCipher::SrtpCipher(const SrtpSessionKey& key, Direction direction)
    : profile_(key.profile),
      context_(EVP_CIPHER_CTX_new()),
      salt_(key.salt),
      hmac_(key.authentication) {
  const bool gcm = profile_ == SrtpProfile::AeadAes128Gcm;
  // Counter mode encrypts both ways.
  const int encrypt = !gcm || direction == Direction::Protect;
  EVP_CipherInit_ex(context_.get(), gcm ? EVP_aes_128_gcm() : EVP_aes_128_ctr(), nullptr,
                    key.key.data(), nullptr, encrypt);
}

void SrtpCipher::begin(uint32_t ssrc, uint64_t index) {
  std::array<uint8_t, 16> iv = salt_;
  // GCM: 00 00 | SSRC | index. CM: 00 00 00 00 | SSRC | index | 00 00 (the block counter).
  const size_t at = profile_ == SrtpProfile::AeadAes128Gcm ? 2 : 4;
  xor_u32(&iv[at], ssrc);
  iv[at + 4] ^= static_cast<uint8_t>(index >> 40);
  iv[at + 5] ^= static_cast<uint8_t>(index >> 32);
  xor_u32(&iv[at + 6], static_cast<uint32_t>(index));
  EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, iv.data(), -1);
}

void SrtpCipher::authenticate(ByteView data) {
  int size = 0;
  EVP_CipherUpdate(context_.get(), nullptr, &size, data.data(), static_cast<int>(data.size()));
}

void SrtpCipher::crypt(const uint8_t* in, uint8_t* out, size_t size) {
  int written = 0;
  EVP_CipherUpdate(context_.get(), out, &written, in, static_cast<int>(size));
}

void SrtpCipher::finish_gcm(uint8_t* tag) {
  int size = 0;
  EVP_CipherFinal_ex(context_.get(), tag, &size);
  EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag_size()), tag);
}

void SrtpCipher::expect_gcm(const uint8_t* tag) {
  EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag_size()),
                      const_cast<uint8_t*>(tag));
}

bool SrtpCipher::verified_gcm() {
  uint8_t nothing[16];
  int size = 0;
  return EVP_CipherFinal_ex(context_.get(), nothing, &size) > 0;
}

}  // namespace gstlk::transport
