// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/speakers.h"

#include <gtest/gtest.h>

namespace gstlk::room {
namespace {

const ParticipantId kAlice("PA_alice");
const ParticipantId kBob("PA_bob");
constexpr uint8_t kActiveLevel = 35;

TEST(Speakers, LevelsAreRoundedUpToEighthsAndToldOnce) {
  Speakers speakers{kActiveLevel};
  const auto changes = speakers.update({{kAlice, 0.3}});
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_FLOAT_EQ(changes[0].level, 0.375F);
  EXPECT_TRUE(speakers.update({{kAlice, 0.3}}).empty());
  EXPECT_TRUE(speakers.update({{kAlice, 0.26}}).empty());
  EXPECT_FLOAT_EQ(speakers.update({{kAlice, 0.2}}).at(0).level, 0.25F);
}

TEST(Speakers, SilenceIsToldAtOnceAndOnce) {
  Speakers speakers{kActiveLevel};
  speakers.update({{kAlice, 0.1}});
  const auto changes = speakers.update({});
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_FLOAT_EQ(changes[0].level, 0);
  EXPECT_TRUE(speakers.update({}).empty());
  EXPECT_TRUE(speakers.quiet());
}

TEST(Speakers, WhatIsBelowTheActiveLevelIsSilence) {
  Speakers speakers{kActiveLevel};
  EXPECT_TRUE(speakers.update({{kAlice, 0.017}}).empty());
  EXPECT_TRUE(speakers.quiet());
  EXPECT_EQ(speakers.update({{kAlice, 0.018}}).size(), 1u);
  EXPECT_FLOAT_EQ(speakers.update({{kAlice, 0.017}}).at(0).level, 0);
}

TEST(Speakers, TheActiveLevelIsAsked) {
  Speakers speakers{20};  // 0.1
  EXPECT_TRUE(speakers.update({{kAlice, 0.099}}).empty());
  EXPECT_EQ(speakers.update({{kAlice, 0.101}}).size(), 1u);
}

TEST(Speakers, TheLoudestComesFirst) {
  Speakers speakers{kActiveLevel};
  const auto changes = speakers.update({{kAlice, 0.1}, {kBob, 0.9}});
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].participant, kBob);
  EXPECT_FLOAT_EQ(speakers.level(kBob), changes[0].level);
}

}  // namespace
}  // namespace gstlk::room
