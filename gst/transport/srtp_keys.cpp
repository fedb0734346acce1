// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/srtp_keys.h"

#include <algorithm>
#include <cassert>

#include "transport/provider_cipher.h"

namespace gstlk::transport {
namespace {

// The labels of RFC 3711 section 4.3.1; those for RTCP are three higher.
enum class Label : uint8_t { Encryption = 0, Authentication = 1, Salt = 2 };
constexpr uint8_t kRtcpLabels = 3;

void derive(const SrtpMasterKey& master, SrtpKind kind, Label label, std::span<uint8_t> out) {
  static constexpr std::array<uint8_t, 32> kZeros{};
  assert(out.size() <= kZeros.size());
  // RFC 7714 section 11: the 96-bit salt is used as if it had two more zero bytes at its end.
  std::array<uint8_t, 16> iv{};
  std::copy_n(master.salt.begin(), srtp_salt_size(master.profile), iv.begin());
  iv[7] ^= static_cast<uint8_t>(static_cast<uint8_t>(label) +
                                (kind == SrtpKind::Rtcp ? kRtcpLabels : 0));
  ProviderCipher cipher(ProviderCipher::aes_128_ctr(), master.key, true);
  cipher.begin(iv);
  cipher.update(ByteView(kZeros).first(out.size()), out.data());
}

}  // namespace

SrtpSessionKey derive_session_key(const SrtpMasterKey& master, SrtpKind kind) {
  SrtpSessionKey session{master.profile};
  derive(master, kind, Label::Encryption, session.key);
  derive(master, kind, Label::Salt, std::span(session.salt).first(srtp_salt_size(master.profile)));
  if (master.profile == SrtpProfile::Aes128CmSha1_80)
    derive(master, kind, Label::Authentication, session.authentication);
  return session;
}

}  // namespace gstlk::transport
