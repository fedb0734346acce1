// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/receive_statistics.h"

#include <gtest/gtest.h>

namespace gstlk::rtp {
namespace {

constexpr uint32_t kClock = 90000;

class ReceiveStatisticsTest : public testing::Test {
 protected:
  Arrival receive(uint16_t sequence, bool retransmitted = false) {
    return statistics_.on_packet(sequence, 0, 0, retransmitted, {}).arrival;
  }

  ReceiveStatistics statistics_;
};

TEST_F(ReceiveStatisticsTest, TellsNewFromLateFromDuplicate) {
  EXPECT_EQ(receive(65534), Arrival::InOrder);
  EXPECT_EQ(receive(1), Arrival::InOrder);
  EXPECT_EQ(receive(65535), Arrival::Late);
  EXPECT_EQ(receive(65535), Arrival::Duplicate);
  EXPECT_EQ(receive(1), Arrival::Duplicate);
  EXPECT_EQ(receive(0), Arrival::Late);
  EXPECT_EQ(statistics_.cumulative_lost(), 0);
}

TEST_F(ReceiveStatisticsTest, GivesExtendedNumbers) {
  receive(65535);
  EXPECT_EQ(statistics_.on_packet(2, 0, 0, false, {}).sequence, 65538);
  EXPECT_EQ(statistics_.report().highest_sequence, 65538u);
}

TEST_F(ReceiveStatisticsTest, CountsLossPerReportAndInAll) {
  receive(0);
  for (uint16_t s : {2, 4, 6, 7}) receive(s);
  const ReportBlock first = statistics_.report();
  EXPECT_EQ(first.cumulative_lost, 3);
  EXPECT_EQ(first.fraction_lost, 3 * 256 / 8);
  receive(8);
  const ReportBlock second = statistics_.report();
  EXPECT_EQ(second.cumulative_lost, 3);
  EXPECT_EQ(second.fraction_lost, 0);
}

TEST_F(ReceiveStatisticsTest, ARetransmissionFillsTheHoleButTheLossStands) {
  receive(0);
  receive(2);
  EXPECT_EQ(receive(1, true), Arrival::Late);
  EXPECT_EQ(receive(1, true), Arrival::Duplicate);
  EXPECT_EQ(statistics_.report().cumulative_lost, 1);
}

TEST_F(ReceiveStatisticsTest, WhatIsBehindTheWindowIsTooOld) {
  receive(5000);
  EXPECT_EQ(receive(5000 - 2048), Arrival::TooOld);
  EXPECT_EQ(receive(5000 - 2047), Arrival::Late);
}

TEST_F(ReceiveStatisticsTest, TheWindowForgetsAcrossLongHoles) {
  for (uint16_t s = 0; s < 100; ++s) receive(s);
  EXPECT_EQ(receive(2100), Arrival::InOrder);
  for (uint16_t s = 100; s < 2100; ++s) EXPECT_EQ(receive(s), Arrival::Late) << s;
}

TEST_F(ReceiveStatisticsTest, AJumpCountsFromTheSecondPacketOn) {
  receive(100);
  EXPECT_EQ(receive(20000), Arrival::TooOld);
  EXPECT_EQ(receive(101), Arrival::InOrder);
  EXPECT_EQ(receive(20000), Arrival::TooOld);
  EXPECT_EQ(receive(20001), Arrival::Restarted);
  EXPECT_EQ(receive(20002), Arrival::InOrder);
  EXPECT_EQ(statistics_.cumulative_lost(), 0);
}

TEST_F(ReceiveStatisticsTest, RetransmissionsNeverMakeAJump) {
  receive(100);
  EXPECT_EQ(receive(20000, true), Arrival::TooOld);
  EXPECT_EQ(receive(20001, true), Arrival::TooOld);
}

TEST_F(ReceiveStatisticsTest, SteadyPacketsHaveNoJitter) {
  for (uint16_t s = 0; s < 100; ++s) {
    statistics_.on_packet(s, s * 900u, kClock, false, Timestamp(s * 10ms));
  }
  EXPECT_EQ(statistics_.jitter(), 0us);
}

TEST_F(ReceiveStatisticsTest, JitterApproachesTheMeanDeviation) {
  for (uint16_t s = 0; s < 500; ++s) {
    const Duration shake = s % 2 == 0 ? 4ms : 0ms;
    statistics_.on_packet(s, s * 900u, kClock, false, Timestamp(s * 10ms + shake));
  }
  EXPECT_NEAR(static_cast<double>(statistics_.jitter().count()), 4000, 300);
  EXPECT_NEAR(statistics_.report().jitter, 360, 30);
}

}  // namespace
}  // namespace gstlk::rtp
