// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace gstlk::transport {

// The DTLS-SRTP profiles that are offered: RFC 7714 section 14.2 and RFC 5764 section 4.1.2.
enum class SrtpProfile : uint8_t { AeadAes128Gcm, Aes128CmSha1_80 };

constexpr size_t srtp_salt_size(SrtpProfile profile) {
  return profile == SrtpProfile::AeadAes128Gcm ? 12 : 14;
}
// What protect_rtp() adds.
constexpr size_t srtp_tag_size(SrtpProfile profile) {
  return profile == SrtpProfile::AeadAes128Gcm ? 16 : 10;
}

// Master key and salt of one direction.
struct SrtpMasterKey {
  SrtpProfile profile = SrtpProfile::AeadAes128Gcm;
  std::array<uint8_t, 16> key{};
  std::array<uint8_t, 14> salt{};  // the first srtp_salt_size() bytes count
};

struct SrtpMasterKeys {
  SrtpMasterKey send;
  SrtpMasterKey receive;
};

enum class SrtpKind : uint8_t { Rtp, Rtcp };

// What the packets of one direction and kind are sealed with.
struct SrtpSessionKey {
  SrtpProfile profile = SrtpProfile::AeadAes128Gcm;
  std::array<uint8_t, 16> key{};
  std::array<uint8_t, 16> salt{};            // zero behind srtp_salt_size()
  std::array<uint8_t, 20> authentication{};  // AES-CM only
};

// The key derivation of RFC 3711 section 4.3, rate zero.
SrtpSessionKey derive_session_key(const SrtpMasterKey& master, SrtpKind kind);

}  // namespace gstlk::transport
