// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/active_speaker.h"

#include <gtest/gtest.h>

namespace gstlk::client {
namespace {

constexpr Timestamp kStart{100s};

struct ActiveSpeakerTest : testing::Test {
  void start(size_t i, Timestamp now) { tiles[i].speaking_since = now; }
  void stop(size_t i, Timestamp now) {
    tiles[i].speaking_since.reset();
    tiles[i].last_spoke = now;
  }
  std::string at(Timestamp now) { return speaker.update(tiles, now); }

  std::vector<LayoutTile> tiles = {{.id = "a", .joined_order = 1},
                                   {.id = "b", .joined_order = 2},
                                   {.id = "c", .joined_order = 3}};
  ActiveSpeaker speaker;
};

TEST_F(ActiveSpeakerTest, NobodyIsThere) {
  EXPECT_EQ(speaker.update({}, kStart), "");
  EXPECT_EQ(speaker.next_timeout(), std::nullopt);
}

TEST_F(ActiveSpeakerTest, TheFirstToJoinStandsInUntilSomebodySpeaks) { EXPECT_EQ(at(kStart), "a"); }

TEST_F(ActiveSpeakerTest, OneWithAPictureStandsInRatherThanOneWithout) {
  tiles[1].has_video = true;
  EXPECT_EQ(at(kStart), "b");
  EXPECT_EQ(at(kStart), "b");
}

TEST_F(ActiveSpeakerTest, TakesOverAfterOneSecond) {
  at(kStart);
  start(1, kStart);
  EXPECT_EQ(at(kStart), "a");
  EXPECT_EQ(speaker.next_timeout(), kStart + 1s);
  EXPECT_EQ(at(kStart + 999ms), "a");
  EXPECT_EQ(at(kStart + 1s), "b");
  EXPECT_EQ(speaker.next_timeout(), std::nullopt);
}

TEST_F(ActiveSpeakerTest, AShortSoundMovesNothing) {
  at(kStart);
  start(1, kStart);
  at(kStart);
  stop(1, kStart + 900ms);
  EXPECT_EQ(at(kStart + 2s), "a");
  start(1, kStart + 2s);
  EXPECT_EQ(at(kStart + 2s + 500ms), "a");
}

TEST_F(ActiveSpeakerTest, AnInterruptionLeavesTheSpeakerWhoGoesOn) {
  start(0, kStart);
  EXPECT_EQ(at(kStart), "a");
  start(1, kStart + 1s);
  EXPECT_EQ(at(kStart + 30s), "a");
  stop(0, kStart + 31s);
  EXPECT_EQ(at(kStart + 31s), "b");
}

TEST_F(ActiveSpeakerTest, StaysWithTheOneWhoSpokeLast) {
  at(kStart);
  start(2, kStart);
  EXPECT_EQ(at(kStart + 1s), "c");
  stop(2, kStart + 2s);
  EXPECT_EQ(at(kStart + 60s), "c");
}

TEST_F(ActiveSpeakerTest, OfSeveralTheOneWhoSpeaksForLongest) {
  at(kStart);
  start(2, kStart);
  start(1, kStart + 100ms);
  EXPECT_EQ(at(kStart + 2s), "c");
}

TEST_F(ActiveSpeakerTest, WhenTheSpeakerLeavesAnotherIsChosenAtOnce) {
  start(0, kStart);
  at(kStart);
  tiles[2].last_spoke = kStart - 5s;
  tiles.erase(tiles.begin());
  EXPECT_EQ(at(kStart + 1s), "c");
  tiles.pop_back();
  EXPECT_EQ(at(kStart + 1s), "b");
}

TEST_F(ActiveSpeakerTest, AScreenIsNoSpeaker) {
  tiles[0].is_screen_share = true;
  start(0, kStart);
  EXPECT_EQ(at(kStart + 5s), "b");
}

}  // namespace
}  // namespace gstlk::client
