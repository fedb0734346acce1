// SPDX-License-Identifier: LGPL-2.1-or-later
#include "calibration.h"

#include <array>

#include "clock.h"
#include "transport/srtp.h"

namespace gstlk::bench {

double calibrate_ns() {
  static constexpr int kPackets = 1000;
  transport::SrtpSendSession session({.profile = transport::SrtpProfile::AeadAes128Gcm});
  std::array<uint8_t, 1200> packet{0x80, 96};
  std::array<uint8_t, 1300> out;
  const ByteView view(packet);
  const int64_t start = read_nanoseconds(CLOCK_THREAD_CPUTIME_ID);
  for (int i = 0; i < kPackets; ++i) {
    store_u16(packet.data() + 2, static_cast<uint16_t>(i));
    session.protect_rtp(view.first(12), view.subspan(12, 6), view.subspan(18), out.data(), 0);
  }
  return static_cast<double>(read_nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start) / kPackets;
}

}  // namespace gstlk::bench
