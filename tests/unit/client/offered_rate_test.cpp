// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/offered_rate.h"

#include <gtest/gtest.h>

namespace gstlk::client {
namespace {

class OfferedRateTest : public ::testing::Test {
 protected:
  // Half a second in which so much comes.
  void pass(uint64_t bytes) {
    bytes_ += bytes;
    now_ += 500ms;
    rate_.update(bytes_, now_);
  }
  uint64_t bps() const { return rate_.rate().value_or(Bitrate{}).bps; }

  OfferedRate rate_;
  uint64_t bytes_ = 0;
  Timestamp now_{};
};

TEST_F(OfferedRateTest, IsNotKnownAtFirst) {
  pass(1000);
  EXPECT_FALSE(rate_.rate());
  pass(1000);
  EXPECT_EQ(bps(), 16'000u);
}

TEST_F(OfferedRateTest, FollowsWithinSeconds) {
  for (int i = 0; i < 4; ++i) pass(1000);
  for (int i = 0; i < 8; ++i) pass(10'000);
  EXPECT_GT(bps(), 140'000u);
  EXPECT_LT(bps(), 160'000u);
}

TEST_F(OfferedRateTest, IsNotThatOfAKeyframe) {
  for (int i = 0; i < 4; ++i) pass(1000);
  pass(5000);
  EXPECT_EQ(bps(), 32'000u);
}

TEST_F(OfferedRateTest, TakesNoMomentForARate) {
  pass(1000);
  pass(1000);
  rate_.update(bytes_ + 100'000, now_ + 1ms);
  EXPECT_EQ(bps(), 16'000u);
}

}  // namespace
}  // namespace gstlk::client
