// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/time.h"

#include <gtest/gtest.h>

namespace gstlk {
namespace {

TEST(NtpTime, IntervalsSurviveTheRoundTripWithinAMicrosecond) {
  for (Duration d : {Duration(0), Duration(1), Duration(999'999), Duration(3'600'000'001)}) {
    const Duration back = from_ntp_interval(to_ntp_interval(d));
    EXPECT_LE(d - back, 1us);
    EXPECT_GE(d - back, 0us);
  }
}

TEST(NtpTime, CompactIsTheMiddle32Bits) {
  EXPECT_EQ(NtpTime{0x1122334455667788}.compact(), 0x33445566u);
}

}  // namespace
}  // namespace gstlk
