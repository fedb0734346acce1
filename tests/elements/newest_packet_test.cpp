// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/newest_packet.h"

#include <gtest/gtest.h>

namespace gstlk::sfu {
namespace {

TEST(NewestPacketTest, KnowsWhatComesLate) {
  NewestPacket newest;
  EXPECT_TRUE(newest.update(Ssrc(1), 65'534));
  EXPECT_TRUE(newest.update(Ssrc(1), 2));
  EXPECT_FALSE(newest.update(Ssrc(1), 65'535));
  EXPECT_FALSE(newest.update(Ssrc(1), 1));
  EXPECT_TRUE(newest.update(Ssrc(1), 3));
}

TEST(NewestPacketTest, AnotherSsrcHasNumbersOfItsOwn) {
  NewestPacket newest;
  EXPECT_TRUE(newest.update(Ssrc(1), 100));
  EXPECT_TRUE(newest.update(Ssrc(2), 50));
  EXPECT_FALSE(newest.update(Ssrc(2), 49));
}

}  // namespace
}  // namespace gstlk::sfu
