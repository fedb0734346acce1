// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/round_trip.h"

#include <gtest/gtest.h>

namespace gstlk::rtp {
namespace {

TEST(RoundTrip, FollowsByAnEighth) {
  RoundTrip round_trip;
  EXPECT_FALSE(round_trip.smoothed());
  round_trip.add(80ms, Timestamp{});
  EXPECT_EQ(round_trip.smoothed(), 80ms);
  round_trip.add(160ms, Timestamp{});
  EXPECT_EQ(round_trip.smoothed(), 90ms);
}

TEST(RoundTrip, RemembersTheLeastForHalfAMinuteAtLeast) {
  RoundTrip round_trip;
  round_trip.add(20ms, Timestamp(1s));
  round_trip.add(80ms, Timestamp(2s));
  EXPECT_EQ(round_trip.minimum(Timestamp(3s)), 20ms);
  round_trip.add(80ms, Timestamp(31s));
  EXPECT_EQ(round_trip.minimum(Timestamp(31s)), 20ms);
  round_trip.add(80ms, Timestamp(62s));
  EXPECT_EQ(round_trip.minimum(Timestamp(62s)), 80ms);
}

TEST(RoundTrip, FallsBackToTheMeanAfterALongSilence) {
  RoundTrip round_trip;
  EXPECT_FALSE(round_trip.minimum(Timestamp{}));
  round_trip.add(20ms, Timestamp(1s));
  EXPECT_EQ(round_trip.minimum(Timestamp(1000s)), 20ms);
}

}  // namespace
}  // namespace gstlk::rtp
