// SPDX-License-Identifier: LGPL-2.1-or-later
#include "calibration.h"

#include <array>

#include "clock.h"
#include "transport/provider_cipher.h"

namespace gstlk::bench {

double calibrate_ns() {
  static constexpr int kPackets = 1000;
  const std::array<uint8_t, 16> key{};
  transport::ProviderCipher cipher(transport::ProviderCipher::aes_128_gcm(), key, true);
  const std::array<uint8_t, 1200> packet{0x80, 96};
  std::array<uint8_t, 1216> out;
  std::array<uint8_t, 12> iv{};
  const ByteView view(packet);
  const int64_t start = read_nanoseconds(CLOCK_THREAD_CPUTIME_ID);
  for (int i = 0; i < kPackets; ++i) {
    store_u16(iv.data(), static_cast<uint16_t>(i));
    cipher.begin(iv);
    cipher.authenticate(view.first(12));
    cipher.update(view.subspan(12), out.data() + 12);
    cipher.finish(std::span(out).last<16>());
  }
  return static_cast<double>(read_nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start) / kPackets;
}

}  // namespace gstlk::bench
