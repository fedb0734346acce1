// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/srtp_streams.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace gstlk::transport {
namespace {

TEST(ReplayWindow, KnowsWhatWasSeenAndWhatIsTooOld) {
  ReplayWindow window;
  EXPECT_FALSE(window.seen(5));
  window.add(1000);
  window.add(998);
  EXPECT_TRUE(window.seen(1000));
  EXPECT_FALSE(window.seen(999));
  EXPECT_TRUE(window.seen(998));
  EXPECT_FALSE(window.seen(873));
  EXPECT_TRUE(window.seen(872));
  EXPECT_FALSE(window.seen(1001));
}

TEST(ReplayWindow, AgreesWithASetOfEverything) {
  std::mt19937 random(1);
  ReplayWindow window;
  std::set<uint64_t> received;
  uint64_t highest = 1 << 20;
  for (int i = 0; i < 20000; ++i) {
    const uint64_t index = highest + random() % 200 - 150 + (random() % 500 == 0 ? 300 : 0);
    const bool too_old = !received.empty() && index + ReplayWindow::kSize <= *received.rbegin();
    ASSERT_EQ(window.seen(index), too_old || received.contains(index)) << i;
    window.add(index);
    received.insert(index);
    highest = std::max(highest, index);
  }
}

TEST(ReplayWindow, GuessesTheCounterAcrossTheWrap) {
  ReplayWindow window;
  EXPECT_EQ(window.guess_index(65530), 65530u);
  window.add(65530);
  EXPECT_EQ(window.guess_index(3), 0x10003u);
  window.add(0x10003);
  EXPECT_EQ(window.guess_index(65535), 65535u);
  EXPECT_EQ(window.guess_index(4), 0x10004u);
}

TEST(ReplayWindow, NeverGuessesANegativeCounter) {
  ReplayWindow window;
  window.add(2);
  EXPECT_EQ(window.guess_index(65535), 65535u);
}

TEST(SrtpStreamTable, KeepsStreamsApart) {
  SrtpStreamTable table;
  EXPECT_EQ(table.find(1), nullptr);
  for (uint32_t ssrc = 0; ssrc < 200; ++ssrc) table.add(ssrc * 0x01000193, ssrc);
  EXPECT_EQ(table.size(), 200u);
  for (uint32_t ssrc = 0; ssrc < 200; ++ssrc) {
    ASSERT_NE(table.find(ssrc * 0x01000193), nullptr);
    EXPECT_EQ(table.find(ssrc * 0x01000193)->highest(), ssrc);
  }
}

TEST(SrtpStreamTable, ForgetsTheQuietestWhenFull) {
  SrtpStreamTable table;
  for (uint32_t ssrc = 0; ssrc < SrtpStreamTable::kMaxStreams; ++ssrc) table.add(ssrc, 1);
  table.add(0, 2);
  table.add(1000, 1);
  EXPECT_EQ(table.size(), SrtpStreamTable::kMaxStreams);
  EXPECT_NE(table.find(0), nullptr);
  EXPECT_EQ(table.find(1), nullptr);
  EXPECT_NE(table.find(1000), nullptr);
}

}  // namespace
}  // namespace gstlk::transport
