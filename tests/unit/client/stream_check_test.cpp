// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/stream_check.h"

#include <gtest/gtest.h>

#include <vector>

namespace gstlk::client {
namespace {

constexpr GstClockTime kFrame = 33 * GST_MSECOND;

class PictureOrderTest : public ::testing::Test {
 protected:
  // Whether it is certain with the last one. In frames; the first of them starts.
  bool order(const std::vector<GstClockTime>& frames) {
    bool reordered = false;
    for (size_t i = 0; i < frames.size(); ++i)
      reordered = order_.is_reordered(frames[i] * kFrame, i == 0);
    return reordered;
  }
  bool in_order(GstClockTime from, int frames) {
    bool reordered = false;
    for (int i = 0; i < frames; ++i) reordered = order_.is_reordered((from + i) * kFrame, false);
    return reordered;
  }

  PictureOrder order_;
};

TEST_F(PictureOrderTest, PicturesBehindOthersAreReordered) {
  EXPECT_FALSE(order({0, 3, 1, 2, 6}));
  PictureOrder fresh;
  order_ = fresh;
  EXPECT_TRUE(order({0, 3, 1, 2, 6, 4}));
}

TEST_F(PictureOrderTest, PicturesInTheirOrderAreNot) { EXPECT_FALSE(in_order(0, 1000)); }

TEST_F(PictureOrderTest, ATimestampThatIsOffNowAndThenIsNoOrder) {
  for (GstClockTime i = 1; i < 20; ++i) {
    in_order(i * 100, 99);
    EXPECT_FALSE(order_.is_reordered((i * 100 + 90) * kFrame, false)) << i;
  }
}

TEST_F(PictureOrderTest, AJumpBackIsNoOrder) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(in_order(1000, 5)) << "a loop";
    EXPECT_FALSE(in_order(10, 5));
    EXPECT_FALSE(order({12, 13, 14})) << "a keyframe after a seek";
  }
}

TEST_F(PictureOrderTest, PicturesWithoutATimeSayNothing) {
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(order_.is_reordered(GST_CLOCK_TIME_NONE, false));
  EXPECT_FALSE(in_order(0, 10));
}

}  // namespace
}  // namespace gstlk::client
