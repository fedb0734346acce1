// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "rtp/twcc_feedback.h"
#include "rtp/twcc_receiver.h"

namespace gstlk::rtp {
namespace {

constexpr Timestamp kStart{10s};

// What a sender learns: per sequence number whether it arrived, and when.
using Learnt = std::map<uint16_t, TwccStatus>;

Learnt read(ByteView fci) {
  Learnt learnt;
  auto feedback = TwccFeedback::parse(fci);
  EXPECT_TRUE(feedback);
  if (!feedback) return learnt;
  while (const auto status = feedback->next()) learnt[status->sequence] = *status;
  EXPECT_EQ(learnt.size(), feedback->status_count());
  return learnt;
}

Learnt poll_all(TwccReceiver& receiver, Timestamp now) {
  Learnt all;
  Bytes fci;
  while (receiver.poll(now, fci)) {
    EXPECT_LE(fci.size(), 1200u);
    for (const auto& [sequence, status] : read(fci)) all[sequence] = status;
  }
  return all;
}

TEST(TwccReceiver, ReportsWhatArrivedAndWhatDidNot) {
  TwccReceiver receiver;
  receiver.on_packet(65534, kStart);
  receiver.on_packet(65535, kStart + 1ms);
  receiver.on_packet(1, kStart + 2ms);
  EXPECT_EQ(receiver.next_timeout(), kStart + 25ms);
  const Learnt learnt = poll_all(receiver, kStart + 25ms);
  ASSERT_EQ(learnt.size(), 4u);
  EXPECT_TRUE(learnt.at(65535).received);
  EXPECT_FALSE(learnt.at(0).received);
  EXPECT_TRUE(learnt.at(1).received);
  EXPECT_EQ(learnt.at(1).arrival - learnt.at(65534).arrival, 2ms);
  EXPECT_FALSE(receiver.next_timeout());
}

TEST(TwccReceiver, SlowsDownAfterTheFirstSeconds) {
  TwccReceiver receiver;
  receiver.on_packet(1, kStart);
  poll_all(receiver, kStart + 25ms);
  receiver.on_packet(2, kStart + 4s);
  EXPECT_EQ(receiver.next_timeout(), kStart + 4s + 50ms);
  Bytes fci;
  EXPECT_FALSE(receiver.poll(kStart + 4s + 49ms, fci));
  EXPECT_TRUE(receiver.poll(kStart + 4s + 50ms, fci));
}

TEST(TwccReceiver, TheNextReportBeginsWhereTheLastEnded) {
  TwccReceiver receiver;
  receiver.on_packet(10, kStart);
  poll_all(receiver, kStart + 25ms);
  receiver.on_packet(13, kStart + 30ms);
  const Learnt learnt = poll_all(receiver, kStart + 80ms);
  ASSERT_EQ(learnt.size(), 3u);
  EXPECT_FALSE(learnt.at(11).received);
  EXPECT_TRUE(learnt.at(13).received);
}

TEST(TwccReceiver, ALatePacketIsReportedWithWhatIsKnownBehindIt) {
  TwccReceiver receiver;
  for (uint16_t s : {10, 12, 13}) receiver.on_packet(s, kStart);
  poll_all(receiver, kStart + 25ms);
  receiver.on_packet(11, kStart + 30ms);
  const Learnt learnt = poll_all(receiver, kStart + 80ms);
  ASSERT_EQ(learnt.size(), 3u);
  for (uint16_t s : {11, 12, 13}) EXPECT_TRUE(learnt.at(s).received) << s;
  EXPECT_EQ(learnt.at(11).arrival - learnt.at(12).arrival, 30ms);
}

TEST(TwccReceiver, WhatIsForgottenIsNotReportedAgain) {
  TwccReceiver receiver;
  for (uint16_t s : {10, 12, 13}) receiver.on_packet(s, kStart);
  poll_all(receiver, kStart + 25ms);
  receiver.on_packet(14, kStart + 1s);
  poll_all(receiver, kStart + 2s);
  receiver.on_packet(11, kStart + 2s);
  EXPECT_FALSE(receiver.next_timeout());
}

TEST(TwccReceiver, ADuplicateKeepsItsFirstArrival) {
  TwccReceiver receiver;
  receiver.on_packet(1, kStart);
  receiver.on_packet(2, kStart + 1ms);
  receiver.on_packet(1, kStart + 9ms);
  const Learnt learnt = poll_all(receiver, kStart + 25ms);
  EXPECT_EQ(learnt.at(2).arrival - learnt.at(1).arrival, 1ms);
}

TEST(TwccReceiver, StartsAnewAfterAJump) {
  TwccReceiver receiver;
  receiver.on_packet(1, kStart);
  receiver.on_packet(30000, kStart + 1ms);
  receiver.on_packet(30001, kStart + 2ms);
  const Learnt learnt = poll_all(receiver, kStart + 30ms);
  ASSERT_EQ(learnt.size(), 2u);
  EXPECT_TRUE(learnt.at(30000).received);
}

TEST(TwccReceiver, LongPausesStayWithinTheDeltasRange) {
  TwccReceiver receiver;
  receiver.on_packet(1, kStart);
  receiver.on_packet(2, kStart + 20s);
  receiver.on_packet(3, kStart + 20s);
  const Learnt learnt = poll_all(receiver, kStart + 21s);
  ASSERT_EQ(learnt.size(), 3u);
  EXPECT_EQ(learnt.at(2).arrival - learnt.at(1).arrival, 20s);
}

TEST(TwccReceiver, AFloodIsSplitAndBounded) {
  TwccReceiver receiver;
  for (uint16_t s = 0; s < 20000; ++s) receiver.on_packet(s, kStart + s * 1us);
  const Learnt learnt = poll_all(receiver, kStart + 50ms);
  EXPECT_LE(learnt.size(), 4096u);
  EXPECT_TRUE(learnt.at(19999).received);
}

TEST(TwccReceiver, EveryRandomLossAndDelayPatternIsLearntExactly) {
  std::minstd_rand random(7);
  TwccReceiver receiver;
  Timestamp now = kStart;
  Learnt learnt;
  std::map<uint16_t, Timestamp> truth;
  uint16_t sequence = 65000;
  for (int round = 0; round < 200; ++round) {
    const size_t packets = random() % 60;
    for (size_t i = 0; i < packets; ++i, ++sequence) {
      if (random() % 4 == 0) continue;
      now += Duration(random() % 8 == 0 ? random() % 100'000 : random() % 500);
      receiver.on_packet(sequence, now);
      truth[sequence] = now;
    }
    now += 60ms;
    for (const auto& [s, status] : poll_all(receiver, now)) learnt[s] = status;
  }
  ASSERT_FALSE(truth.empty());
  for (const auto& [s, at] : truth) {
    ASSERT_TRUE(learnt.contains(s) && learnt[s].received) << s;
    // Compared on the sender's scale: 250 us steps.
    EXPECT_EQ(learnt[s].arrival / 250us, at.time_since_epoch() / 250us) << s;
  }
  for (const auto& [s, status] : learnt) EXPECT_EQ(status.received, truth.contains(s)) << s;
}

TEST(TwccFeedback, ReadsEveryKindOfChunk) {
  Bytes fci;
  ByteWriter writer(fci);
  writer.u16(100);
  writer.u16(2 + 14 + 5);
  writer.u24(3);
  writer.u8(42);
  writer.u16(0x2002);                     // a run: two small deltas
  writer.u16(0x8000 | 1 << 13);           // fourteen of one bit, the first received
  writer.u16(0xc000 | 2 << 12 | 1 << 4);  // of two bits: a large one first, a small one fifth
  writer.u8(4);
  writer.u8(8);
  writer.u8(0);
  writer.u16(static_cast<uint16_t>(-4));
  writer.u8(1);
  const Learnt learnt = read(fci);
  EXPECT_EQ(TwccFeedback::parse(fci)->feedback_count(), 42);
  EXPECT_EQ(learnt.at(100).arrival, 3 * 64ms + 1ms);
  EXPECT_EQ(learnt.at(101).arrival, 3 * 64ms + 3ms);
  EXPECT_TRUE(learnt.at(102).received);
  EXPECT_FALSE(learnt.at(103).received);
  EXPECT_EQ(learnt.at(116).arrival, 3 * 64ms + 2ms);
  EXPECT_TRUE(learnt.at(120).received);
}

TEST(TwccFeedback, RefusesWhatIsCutShortOrEmpty) {
  TwccReceiver receiver;
  for (uint16_t s : {1, 2, 5, 9}) receiver.on_packet(s, kStart + s * 10ms);
  Bytes fci;
  ASSERT_TRUE(receiver.poll(kStart + 1s, fci));
  for (size_t size = 0; size < fci.size(); ++size) {
    EXPECT_FALSE(TwccFeedback::parse(ByteView(fci).first(size))) << size;
  }
  const Bytes no_status(12, 0);
  EXPECT_FALSE(TwccFeedback::parse(no_status));
  const Bytes empty_run = {0, 1, 0, 1, 0, 0, 0, 0, 0x20, 0x00};
  EXPECT_FALSE(TwccFeedback::parse(empty_run));
}

}  // namespace
}  // namespace gstlk::rtp
