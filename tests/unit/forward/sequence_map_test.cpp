// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/sequence_map.h"

#include <gtest/gtest.h>

namespace gstlk::forward {
namespace {

using Place = SequenceMap::Place;

TEST(SequenceMap, StartsWithTheFirstNumber) {
  SequenceMap map(16, 500);
  map.restart(70'000);
  EXPECT_EQ(map.forward(70'000), 500);
  EXPECT_EQ(map.forward(70'001), 501);
}

TEST(SequenceMap, ClosesOverDroppedPackets) {
  SequenceMap map(16, 0);
  map.restart(10);
  EXPECT_EQ(map.forward(10), 0);
  map.drop(11);
  map.drop(12);
  EXPECT_EQ(map.forward(13), 1);
}

TEST(SequenceMap, LeavesAHoleForLostPackets) {
  SequenceMap map(16, 0);
  map.restart(10);
  map.forward(10);
  EXPECT_EQ(map.forward(13), 3);
  EXPECT_EQ(map.place(11), Place::Hole);
  EXPECT_EQ(map.fill(11), 1);
  EXPECT_EQ(map.place(11), Place::Done);
}

TEST(SequenceMap, KeepsTheNumberOfAHoleOverLaterDrops) {
  SequenceMap map(16, 0);
  map.restart(10);
  map.forward(10);
  map.drop(12);
  map.forward(13);
  map.drop(14);
  EXPECT_EQ(map.forward(15), 3);
  EXPECT_EQ(map.fill(11), 1);
}

TEST(SequenceMap, KnowsDuplicatesAndWhatIsTooOld) {
  SequenceMap map(16, 0);
  map.restart(10);
  map.forward(10);
  map.drop(11);
  EXPECT_EQ(map.place(10), Place::Done);
  EXPECT_EQ(map.place(11), Place::Done);
  EXPECT_EQ(map.place(9), Place::TooOld);
  map.forward(40);
  EXPECT_EQ(map.place(12), Place::TooOld);
  EXPECT_EQ(map.place(25), Place::Hole);
  EXPECT_EQ(map.place(41), Place::Ahead);
}

TEST(SequenceMap, GoesOnByOneAfterARestart) {
  SequenceMap map(16, 65535);
  map.restart(10);
  EXPECT_EQ(map.forward(10), 65535);
  map.drop(11);
  map.restart(9000);
  EXPECT_EQ(map.place(10), Place::TooOld);
  EXPECT_EQ(map.forward(9000), 0);
}

}  // namespace
}  // namespace gstlk::forward
