// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/playout_delay.h"

#include <gtest/gtest.h>

namespace gstlk::rtp {
namespace {

using Element = std::array<uint8_t, 3>;

Timestamp at(Duration since_start) { return Timestamp(since_start); }

TEST(PlayoutDelay, LimitsAreWrittenInTensOfMilliseconds) {
  EXPECT_EQ(PlayoutDelay({100ms, 2s}).element(), (Element{0x00, 0xa0, 0xc8}));
  EXPECT_EQ(PlayoutDelay({40950ms, 40950ms}).element(), (Element{0xff, 0xff, 0xff}));
  EXPECT_EQ(PlayoutDelay({0ms, 0ms}).element(), (Element{0, 0, 0}));
  // Ten seconds unless it is said, and nothing beyond what fits.
  EXPECT_EQ(PlayoutDelay({200ms, 0ms}).element(), (Element{0x01, 0x43, 0xe8}));
  EXPECT_EQ(PlayoutDelay({0ms, 100s}).element(), (Element{0x00, 0x0f, 0xff}));
  EXPECT_EQ(PlayoutDelay({300ms, 200ms}).element(), (Element{0x01, 0x40, 0x14}));
}

TEST(PlayoutDelay, GoesWithEveryPacketUntilOneOfThemIsReported) {
  PlayoutDelay delay({100ms, 2s});
  EXPECT_TRUE(delay.is_due());
  delay.on_report(65'000, 0ms, 10, 0, at(0ms));
  EXPECT_TRUE(delay.is_due());
  delay.on_sent(65'530, at(10ms));
  delay.on_sent(65'531, at(20ms));
  EXPECT_TRUE(delay.is_due());
  delay.on_report(65'529, 0ms, 10, 0, at(30ms));
  EXPECT_TRUE(delay.is_due());
  delay.on_report(3, 0ms, 20, 0, at(40ms));
  // The stream that was reported need not be the one that stays.
  EXPECT_TRUE(delay.is_due());
  delay.on_report(9, 0ms, 30, 0, at(5100ms));
  EXPECT_FALSE(delay.is_due());
}

TEST(PlayoutDelay, FollowsTheJitterSlowlyWithinItsLimits) {
  PlayoutDelay delay({100ms, 200ms});
  delay.on_sent(0, at(0ms));
  delay.on_report(1, 50ms, 100, 0, at(1s));
  EXPECT_EQ(delay.delay(), 180ms);
  EXPECT_TRUE(delay.is_due());
  EXPECT_EQ(delay.element(), (Element{0x01, 0x20, 0x14}));
  // Not before it is known that the last value has arrived.
  delay.on_report(2, 50ms, 200, 0, at(2s));
  EXPECT_EQ(delay.delay(), 180ms);
  delay.on_sent(3, at(2s));
  delay.on_report(4, 50ms, 300, 0, at(3s));
  EXPECT_EQ(delay.delay(), 200ms);
  delay.on_sent(5, at(3s));
  delay.on_report(6, 1ms, 400, 0, at(3500ms));
  EXPECT_EQ(delay.delay(), 160ms);
}

TEST(PlayoutDelay, ManyRetransmissionsAddToIt) {
  PlayoutDelay delay({0ms, 1s});
  delay.on_sent(0, at(0ms));
  delay.on_report(1, 1ms, 100, 80, at(1s));
  EXPECT_EQ(delay.delay(), 50ms);
  delay.on_sent(2, at(1s));
  delay.on_report(3, 1ms, 200, 80, at(2s));
  EXPECT_EQ(delay.delay(), 10ms);
}

}  // namespace
}  // namespace gstlk::rtp
