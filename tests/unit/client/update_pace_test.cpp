// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/update_pace.h"

#include <gtest/gtest.h>

namespace gstlk::client {
namespace {

constexpr Timestamp kStart{100s};

TEST(UpdatePace, TheFirstChangeIsDealtWithAtOnce) {
  UpdatePace pace(50ms);
  EXPECT_EQ(pace.changed(kStart), Duration::zero());
}

TEST(UpdatePace, ThoseThatComeMeanwhileWaitWithIt) {
  UpdatePace pace(50ms);
  ASSERT_TRUE(pace.changed(kStart));
  for (int i = 0; i < 300; ++i) EXPECT_EQ(pace.changed(kStart), std::nullopt);
}

TEST(UpdatePace, TheNextOneWaitsForTheRestOfTheInterval) {
  UpdatePace pace(50ms);
  ASSERT_TRUE(pace.changed(kStart));
  pace.updated(kStart);
  EXPECT_EQ(pace.changed(kStart + 20ms), 30ms);
  EXPECT_EQ(pace.changed(kStart + 30ms), std::nullopt);
  pace.updated(kStart + 50ms);
  EXPECT_EQ(pace.changed(kStart + 51ms), 49ms);
}

TEST(UpdatePace, OneAfterAQuietTimeWaitsForNothing) {
  UpdatePace pace(50ms);
  ASSERT_TRUE(pace.changed(kStart));
  pace.updated(kStart);
  EXPECT_EQ(pace.changed(kStart + 1s), Duration::zero());
}

TEST(UpdatePace, AnUpdateForAnotherReasonCountsToo) {
  UpdatePace pace(50ms);
  pace.updated(kStart);
  EXPECT_EQ(pace.changed(kStart + 10ms), 40ms);
  pace.updated(kStart + 20ms);
  EXPECT_EQ(pace.changed(kStart + 20ms), 50ms);
}

}  // namespace
}  // namespace gstlk::client
