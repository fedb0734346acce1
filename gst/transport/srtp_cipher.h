// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "transport/hmac_sha1.h"
#include "transport/srtp_keys.h"

namespace gstlk::transport {

struct CipherContextDeleter {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, CipherContextDeleter>;

// The keyed transform of one direction and one kind (RTP or RTCP): an EVP context that is keyed
// once and only gets a new IV per packet, which is what makes a packet cost 0.5 us instead of 1.1.
// Knows nothing of packets; SrtpSendSession and SrtpReceiveSession do. Not thread-safe.
class SrtpCipher {
 public:
  enum class Direction : uint8_t { Protect, Unprotect };

  SrtpCipher(const SrtpSessionKey& key, Direction direction);

  size_t tag_size() const { return srtp_tag_size(profile_); }
  SrtpProfile profile() const { return profile_; }

  // Starts a packet. `index` is the 48-bit packet index of RTP or the 31-bit index of RTCP.
  // RFC 7714 sections 8.1 and 9.1, RFC 3711 section 4.1.1.
  void begin(uint32_t ssrc, uint64_t index);
  // AES-GCM only: additional authenticated data.
  void authenticate(ByteView data);
  // Encrypts or decrypts `size` bytes from `in` to `out`; both may be the same place. Splitting a
  // payload elsewhere than at multiples of 16 is correct but slow.
  void crypt(const uint8_t* in, uint8_t* out, size_t size);
  // AES-GCM, Protect: writes the tag behind what was encrypted.
  void finish_gcm(uint8_t* tag);
  // AES-GCM, Unprotect: the tag to expect, before crypt(), and whether it was right, after.
  void expect_gcm(const uint8_t* tag);
  bool verified_gcm();

  // AES-CM: the tag over `packet` and `suffix` (the ROC, or nothing).
  HmacSha1::Digest sign(ByteView packet, ByteView suffix) const {
    return hmac_.sign(packet, suffix);
  }

 private:
  SrtpProfile profile_;
  CipherContext context_;
  std::array<uint8_t, 16> salt_{};
  HmacSha1 hmac_;
};

}  // namespace gstlk::transport
