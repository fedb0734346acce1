// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/keyframe_throttle.h"

#include <gtest/gtest.h>

namespace gstlk::rtp {
namespace {

constexpr Ssrc kVideo{1};
constexpr Ssrc kOther{2};

TEST(KeyframeThrottle, MergesRequestsWithinTheInterval) {
  KeyframeThrottle throttle(500ms);
  const Timestamp now{};
  EXPECT_TRUE(throttle.request(kVideo, now));
  EXPECT_FALSE(throttle.next_timeout());
  EXPECT_FALSE(throttle.request(kVideo, now + 100ms));
  EXPECT_FALSE(throttle.request(kVideo, now + 200ms));
  EXPECT_EQ(throttle.next_timeout(), now + 500ms);
  EXPECT_FALSE(throttle.poll(now + 499ms));
  EXPECT_EQ(throttle.poll(now + 500ms), kVideo);
  EXPECT_FALSE(throttle.poll(now + 500ms));
  EXPECT_FALSE(throttle.next_timeout());
}

TEST(KeyframeThrottle, TheSecondMayFollowSoonerThanTheThird) {
  KeyframeThrottle throttle(300ms, 1s);
  const Timestamp now{};
  EXPECT_TRUE(throttle.request(kVideo, now));
  EXPECT_TRUE(throttle.request(kVideo, now + 300ms));
  EXPECT_FALSE(throttle.request(kVideo, now + 600ms));
  EXPECT_EQ(throttle.next_timeout(), now + 1300ms);
}

TEST(KeyframeThrottle, AfterSilenceItStartsAnew) {
  KeyframeThrottle throttle(300ms, 1s);
  const Timestamp now{};
  EXPECT_TRUE(throttle.request(kVideo, now));
  EXPECT_TRUE(throttle.request(kVideo, now + 10s));
  EXPECT_TRUE(throttle.request(kVideo, now + 10s + 300ms));
}

TEST(KeyframeThrottle, AKeyframeAnswersWhatWaits) {
  KeyframeThrottle throttle(500ms);
  const Timestamp now{};
  throttle.request(kVideo, now);
  throttle.request(kVideo, now + 1ms);
  throttle.on_keyframe(kVideo);
  EXPECT_FALSE(throttle.next_timeout());
  EXPECT_FALSE(throttle.poll(now + 1s));
}

TEST(KeyframeThrottle, StreamsDoNotWaitForEachOther) {
  KeyframeThrottle throttle(500ms);
  const Timestamp now{};
  EXPECT_TRUE(throttle.request(kVideo, now));
  EXPECT_TRUE(throttle.request(kOther, now + 1ms));
  throttle.request(kVideo, now + 2ms);
  throttle.request(kOther, now + 2ms);
  EXPECT_EQ(throttle.poll(now + 1s), kVideo);
  EXPECT_EQ(throttle.poll(now + 1s), kOther);
}

TEST(KeyframeThrottle, AStreamMayHaveAnIntervalOfItsOwn) {
  KeyframeThrottle throttle(300ms, 1s);
  const Timestamp now{};
  EXPECT_TRUE(throttle.request(kVideo, now, 100ms));
  EXPECT_FALSE(throttle.request(kVideo, now + 99ms, 100ms));
  EXPECT_EQ(throttle.poll(now + 100ms), kVideo);
  EXPECT_TRUE(throttle.request(kVideo, now + 200ms, 100ms));
  EXPECT_TRUE(throttle.request(kOther, now + 200ms));
  EXPECT_FALSE(throttle.request(kOther, now + 300ms));
}

}  // namespace
}  // namespace gstlk::rtp
