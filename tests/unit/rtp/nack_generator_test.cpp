// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/nack_generator.h"

#include <gtest/gtest.h>

namespace gstlk::rtp {
namespace {

constexpr Timestamp kStart{1s};

class NackGeneratorTest : public testing::Test {
 protected:
  std::vector<uint16_t> poll(Timestamp now, size_t limit = 100) {
    std::vector<uint16_t> numbers;
    nack_.poll(now, limit, numbers);
    return numbers;
  }

  NackGenerator nack_{1s};
};

TEST_F(NackGeneratorTest, AsksForAHoleAfterTheReorderingDelay) {
  nack_.on_packet(1, false, kStart);
  EXPECT_FALSE(nack_.next_timeout());
  nack_.on_packet(4, false, kStart);
  EXPECT_EQ(nack_.next_timeout(), kStart + 10ms);
  EXPECT_TRUE(poll(kStart + 9ms).empty());
  EXPECT_EQ(poll(kStart + 10ms), (std::vector<uint16_t>{2, 3}));
}

TEST_F(NackGeneratorTest, DoesNotAskForWhatCameByItself) {
  nack_.on_packet(1, false, kStart);
  nack_.on_packet(3, false, kStart);
  nack_.on_packet(2, false, kStart + 5ms);
  EXPECT_FALSE(nack_.next_timeout());
  EXPECT_TRUE(poll(kStart + 1s).empty());
}

TEST_F(NackGeneratorTest, RepeatsAtGrowingMultiplesOfTheRoundTrip) {
  nack_.set_round_trip(100ms);
  nack_.on_packet(1, false, kStart);
  nack_.on_packet(3, false, kStart);
  poll(kStart + 10ms);
  EXPECT_EQ(nack_.next_timeout(), kStart + 110ms);
  EXPECT_EQ(poll(kStart + 110ms).size(), 1u);
  EXPECT_EQ(nack_.next_timeout(), kStart + 235ms);
  EXPECT_EQ(poll(kStart + 235ms).size(), 1u);
  EXPECT_EQ(nack_.next_timeout(), kStart + 385ms);
}

TEST_F(NackGeneratorTest, NeverRepeatsWithin20Milliseconds) {
  nack_.set_round_trip(1ms);
  nack_.on_packet(1, false, kStart);
  nack_.on_packet(3, false, kStart);
  poll(kStart + 10ms);
  EXPECT_EQ(nack_.next_timeout(), kStart + 30ms);
}

TEST_F(NackGeneratorTest, GivesUpAtTheDeadline) {
  nack_.on_packet(1, false, kStart);
  nack_.on_packet(3, false, kStart);
  EXPECT_FALSE(nack_.take_gave_up());
  EXPECT_TRUE(poll(kStart + 1s).empty());
  EXPECT_TRUE(nack_.take_gave_up());
  EXPECT_FALSE(nack_.take_gave_up());
  EXPECT_EQ(nack_.missing(), 0u);
  EXPECT_FALSE(nack_.next_timeout());
}

TEST_F(NackGeneratorTest, MoreThan250MissingAreForgotten) {
  nack_.on_packet(1, false, kStart);
  nack_.on_packet(252, false, kStart);
  EXPECT_EQ(nack_.missing(), 250u);
  EXPECT_FALSE(nack_.take_gave_up());
  nack_.on_packet(254, false, kStart);
  EXPECT_EQ(nack_.missing(), 0u);
  EXPECT_TRUE(nack_.take_gave_up());
}

TEST_F(NackGeneratorTest, TheLimitLeavesTheRestDue) {
  nack_.on_packet(1, false, kStart);
  nack_.on_packet(102, false, kStart);
  EXPECT_EQ(poll(kStart + 10ms, 60).size(), 60u);
  EXPECT_EQ(nack_.next_timeout(), kStart + 10ms);
  EXPECT_EQ(poll(kStart + 10ms, 60).size(), 40u);
}

TEST_F(NackGeneratorTest, LearnsHowLateReorderedPacketsAre) {
  Timestamp now = kStart;
  for (int64_t s = 0; s < 400; s += 3) {
    nack_.on_packet(s, false, now);
    nack_.on_packet(s + 2, false, now);
    nack_.on_packet(s + 1, false, now + 8ms);
    now += 20ms;
  }
  EXPECT_EQ(nack_.reorder_delay(), 10ms);
  nack_.on_packet(1000, false, now);  // so that the slow ones below are not asked for early
  for (int64_t s = 1000; s < 2000; s += 3) {
    std::vector<uint16_t> ignored;
    nack_.on_packet(s, false, now);
    nack_.on_packet(s + 2, false, now);
    nack_.on_packet(s + 1, false, now + 33ms);
    now += 50ms;
  }
  EXPECT_EQ(nack_.reorder_delay(), 35ms);
}

TEST_F(NackGeneratorTest, ARetransmissionSaysNothingOfReordering) {
  for (int64_t s = 0; s < 300; s += 3) {
    nack_.on_packet(s, false, kStart);
    nack_.on_packet(s + 2, false, kStart);
    nack_.on_packet(s + 1, true, kStart + 39ms);
  }
  EXPECT_EQ(nack_.reorder_delay(), 10ms);
  EXPECT_EQ(nack_.missing(), 0u);
}

TEST_F(NackGeneratorTest, AsksByTheSixteenBitNumber) {
  nack_.on_packet(65535, false, kStart);
  nack_.on_packet(65537, false, kStart);
  EXPECT_EQ(poll(kStart + 10ms), std::vector<uint16_t>{0});
}

}  // namespace
}  // namespace gstlk::rtp
