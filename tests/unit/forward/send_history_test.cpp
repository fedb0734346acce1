// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/send_history.h"

#include <gtest/gtest.h>

#include <memory>

#include "forward/packet_ring.h"

namespace gstlk::forward {
namespace {

constexpr Timestamp kStart{100s};

Rewrite rewrite_of(uint16_t sequence) {
  Rewrite rewrite;
  rewrite.sequence = sequence;
  rewrite.timestamp = 0xfedcba98;
  rewrite.marker = true;
  return rewrite;
}

TEST(SendHistory, GivesBackTheHeadAsItWasSent) {
  SendHistory history(16);
  Rewrite rewrite = rewrite_of(7);
  rewrite.head_replaced = 5;
  rewrite.head_size = 6;
  rewrite.head = {1, 2, 3, 4, 5, 6};
  history.add(2, 70'000, rewrite, kStart);
  const auto sent = history.resend(7, 10ms, kStart + 1s);
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->encoding, 2);
  EXPECT_EQ(sent->source_sequence, 70'000u);
  EXPECT_EQ(sent->rewrite, rewrite);
}

TEST(SendHistory, GivesBackTheDescriptorEditAsItWasSent) {
  SendHistory history(16);
  Rewrite rewrite = rewrite_of(7);
  rewrite.descriptor = {true, 9, 4711, 0x1ff};
  history.add(0, 5, rewrite, kStart);
  EXPECT_EQ(history.resend(7, 10ms, kStart + 1s)->rewrite, rewrite);
}

TEST(SendHistory, DoesNotSendAgainTooSoon) {
  SendHistory history(16);
  history.add(0, 5, rewrite_of(7), kStart);
  EXPECT_FALSE(history.resend(7, 50ms, kStart + 49ms));
  EXPECT_TRUE(history.resend(7, 50ms, kStart + 50ms));
  EXPECT_FALSE(history.resend(7, 50ms, kStart + 90ms));
  EXPECT_TRUE(history.resend(7, 50ms, kStart + 100ms));
}

TEST(SendHistory, SendsAgainSevenTimesAtMost) {
  SendHistory history(16);
  history.add(0, 5, rewrite_of(7), kStart);
  for (int i = 1; i <= SendHistory::kMaxResends; ++i)
    EXPECT_TRUE(history.resend(7, 10ms, kStart + i * 20ms));
  EXPECT_FALSE(history.resend(7, 10ms, kStart + 1s));
}

TEST(SendHistory, ForgetsWhatIsOlderThanItsCapacity) {
  SendHistory history(16);
  for (uint16_t i = 0; i < 17; ++i) history.add(0, i, rewrite_of(i), kStart);
  EXPECT_FALSE(history.resend(0, 10ms, kStart + 1s));
  EXPECT_TRUE(history.resend(1, 10ms, kStart + 1s));
  EXPECT_FALSE(history.resend(17, 10ms, kStart + 1s));
}

TEST(PacketRing, FindsWhatWasInsertedUntilItIsOverwritten) {
  PacketRing<std::shared_ptr<int>> ring(3);
  EXPECT_EQ(ring.capacity(), 4u);
  const auto packet = std::make_shared<int>(1);
  ring.insert(10, packet);
  ASSERT_TRUE(ring.find(10));
  EXPECT_EQ(*ring.find(10), packet);
  EXPECT_FALSE(ring.find(14));
  ring.insert(14, std::make_shared<int>(2));
  EXPECT_FALSE(ring.find(10));
  EXPECT_EQ(packet.use_count(), 1);
}

TEST(PacketRing, DoesNotReplaceAPacketByAnOlderOne) {
  PacketRing<int> ring(4);
  ring.insert(14, 2);
  ring.insert(10, 1);
  EXPECT_FALSE(ring.find(10));
  EXPECT_EQ(*ring.find(14), 2);
}

TEST(PacketRing, LetsGoOfEverythingWhenCleared) {
  PacketRing<std::shared_ptr<int>> ring(4);
  const auto packet = std::make_shared<int>(1);
  ring.insert(3, packet);
  ring.clear();
  EXPECT_EQ(packet.use_count(), 1);
  EXPECT_FALSE(ring.find(3));
}

}  // namespace
}  // namespace gstlk::forward
