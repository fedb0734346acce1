// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/filler.h"

#include <gtest/gtest.h>

#include "forwarding.h"

namespace gstlk::forward {
namespace {

using test::Forwarding;
using test::Vp8Stream;

int count_until(Filler& filler, Timestamp from, Timestamp to) {
  int count = 0;
  for (Timestamp now = from; now <= to; now += 1ms) count += filler.poll(now) ? 1 : 0;
  return count;
}

TEST(Filler, SendsSilenceFiftyTimesASecondForFiveSeconds) {
  const Timestamp start{10s};
  Filler filler;
  filler.start(false, start);
  EXPECT_EQ(filler.next_timeout(), start + 100ms);
  EXPECT_EQ(count_until(filler, start, start + 99ms), 0);
  EXPECT_EQ(count_until(filler, start + 100ms, start + 1099ms), 50);
  EXPECT_EQ(count_until(filler, start + 1100ms, start + 20s), 200);
  EXPECT_FALSE(filler.next_timeout());
}

TEST(Filler, SendsTenEmptyVideoPacketsASecond) {
  const Timestamp start{10s};
  Filler filler;
  filler.start(true, start);
  EXPECT_EQ(count_until(filler, start, start + 1s), 10);
  filler.stop();
  EXPECT_EQ(count_until(filler, start + 1s, start + 2s), 0);
}

TEST(Filler, DoesNotCatchUpWithWhatItMissed) {
  const Timestamp start{10s};
  Filler filler;
  filler.start(false, start);
  EXPECT_TRUE(filler.poll(start + 3s));
  EXPECT_TRUE(filler.poll(start + 3s));
  EXPECT_FALSE(filler.poll(start + 3s));
}

TEST(Filler, TheTrackGoesOnBehindIt) {
  Forwarding track({rtp::Codec::Vp8, 90000, 1, false},
                   {.codec = rtp::Codec::Vp8, .first_sequence = 65534, .first_timestamp = 1000});
  Vp8Stream stream{1, 100, 50'000};
  const auto first = track.down.fill(track.now);
  track.now += 100ms;
  const auto second = track.down.fill(track.now);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->sequence, 65534);
  EXPECT_EQ(first->timestamp, 1000u);
  EXPECT_EQ(second->sequence, 65535);
  EXPECT_EQ(second->timestamp, 10'000u);
  track.now += 100ms;
  EXPECT_GT(track.handle(0, stream.frame(true, 1)), 0u);
  const auto& sent = track.received.packets().begin()->second;
  EXPECT_EQ(sent.rewrite.sequence, 0);
  EXPECT_EQ(sent.rewrite.timestamp, 19'000u);
  EXPECT_FALSE(track.down.fill(track.now)) << "the track itself is being sent";
}

TEST(Filler, APausedSubscriberGetsNothing) {
  Forwarding track({rtp::Codec::Opus, 48000, 1, false}, {.codec = rtp::Codec::Opus});
  track.down.set_paused(true);
  EXPECT_FALSE(track.down.fill(track.now));
}

}  // namespace
}  // namespace gstlk::forward
