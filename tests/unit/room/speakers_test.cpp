// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/speakers.h"

#include <gtest/gtest.h>

namespace gstlk::room {
namespace {

const ParticipantId kAlice("PA_alice");
const ParticipantId kBob("PA_bob");

TEST(Speakers, LevelsAreRoundedUpToEighthsAndToldOnce) {
  Speakers speakers;
  const auto changes = speakers.update({{kAlice, 0.3}});
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_FLOAT_EQ(changes[0].level, 0.25F);  // two thirds of 0.3
  speakers.update({{kAlice, 0.3}});
  speakers.update({{kAlice, 0.3}});
  EXPECT_TRUE(speakers.update({{kAlice, 0.3}}).empty());
}

TEST(Speakers, SilenceIsToldOnce) {
  Speakers speakers;
  speakers.update({{kAlice, 0.1}});
  std::vector<Speakers::Change> changes;
  for (int i = 0; i < 10 && changes.empty(); ++i) changes = speakers.update({});
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_FLOAT_EQ(changes[0].level, 0);
  EXPECT_TRUE(speakers.update({}).empty());
  EXPECT_TRUE(speakers.quiet());
}

TEST(Speakers, TheLoudestComesFirst) {
  Speakers speakers;
  const auto changes = speakers.update({{kAlice, 0.1}, {kBob, 0.9}});
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].participant, kBob);
  EXPECT_FLOAT_EQ(speakers.level(kBob), changes[0].level);
}

}  // namespace
}  // namespace gstlk::room
