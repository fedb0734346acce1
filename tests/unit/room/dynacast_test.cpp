// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/dynacast.h"

#include <gtest/gtest.h>

namespace gstlk::room {
namespace {

using ::livekit::HIGH;
using ::livekit::LOW;
using ::livekit::OFF;
using ::livekit::VideoQuality;

class DynacastTest : public testing::Test {
 protected:
  std::optional<VideoQuality> poll() {
    const auto qualities = dynacast_.poll(now_);
    if (!qualities) return std::nullopt;
    return qualities->front().second;
  }
  void want(const char* who, VideoQuality quality) {
    dynacast_.set_wanted(ParticipantId(who), "vp8", quality);
  }

  Timestamp now_{1s};
  Dynacast dynacast_{{"vp8"}, 5s, now_};
};

TEST_F(DynacastTest, TheFirstValueWaitsTenSecondsForASubscriber) {
  EXPECT_FALSE(poll());
  EXPECT_EQ(dynacast_.next_timeout(), now_ + 10s);
  now_ += 10s;
  EXPECT_EQ(poll(), OFF);
}

TEST_F(DynacastTest, ASubscriberRaisesAtOnce) {
  want("a", LOW);
  EXPECT_EQ(poll(), LOW);
  want("b", HIGH);
  EXPECT_EQ(poll(), HIGH);
  EXPECT_FALSE(dynacast_.next_timeout());
}

TEST_F(DynacastTest, LessIsToldAfterFiveSeconds) {
  want("a", HIGH);
  poll();
  want("a", LOW);
  EXPECT_FALSE(poll());
  EXPECT_EQ(dynacast_.next_timeout(), now_ + 5s);
  now_ += 5s;
  EXPECT_EQ(poll(), LOW);
}

TEST_F(DynacastTest, AShortDipIsNotTold) {
  want("a", HIGH);
  poll();
  dynacast_.remove(ParticipantId("a"));
  EXPECT_FALSE(poll());
  now_ += 4s;
  want("a", HIGH);
  EXPECT_FALSE(poll());
  now_ += 5s;
  EXPECT_FALSE(poll());
}

TEST_F(DynacastTest, RepeatsWhatIsKnown) {
  dynacast_.repeat();
  EXPECT_FALSE(poll());
  want("a", LOW);
  poll();
  dynacast_.repeat();
  EXPECT_EQ(poll(), LOW);
}

}  // namespace
}  // namespace gstlk::room
