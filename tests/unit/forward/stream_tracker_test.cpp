// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/stream_tracker.h"

#include <gtest/gtest.h>

#include "forward/encoding_clocks.h"
#include "forward/rate_meter.h"

namespace gstlk::forward {
namespace {

constexpr Timestamp kStart{100s};

TEST(StreamTracker, IsAliveFromTheFirstPacket) {
  StreamTracker tracker;
  EXPECT_FALSE(tracker.alive(kStart));
  EXPECT_FALSE(tracker.next_timeout(kStart));
  tracker.handle_packet(kStart);
  EXPECT_TRUE(tracker.alive(kStart));
}

TEST(StreamTracker, StopsAfterTheSilenceThatItPredicts) {
  StreamTracker tracker(700ms);
  tracker.handle_packet(kStart);
  const auto timeout = tracker.next_timeout(kStart);
  ASSERT_TRUE(timeout);
  EXPECT_TRUE(tracker.alive(*timeout - 1us));
  EXPECT_FALSE(tracker.alive(*timeout));
  EXPECT_LT(*timeout - kStart, 701ms);
}

TEST(StreamTracker, MustKeepComingAfterItStoppedByItself) {
  StreamTracker tracker(700ms);
  tracker.handle_packet(kStart);
  Timestamp now = kStart + 2s;
  for (int i = 0; i < 20; ++i, now += 40ms) tracker.handle_packet(now);
  EXPECT_FALSE(tracker.alive(now));
  for (int i = 0; i < 6; ++i, now += 40ms) tracker.handle_packet(now);
  EXPECT_TRUE(tracker.alive(now));
}

TEST(StreamTracker, IsAliveAtOnceWhenItWasAskedFor) {
  StreamTracker tracker(700ms);
  tracker.handle_packet(kStart);
  tracker.expect();
  tracker.handle_packet(kStart + 5s);
  EXPECT_TRUE(tracker.alive(kStart + 5s));
}

TEST(RateMeter, CountsTheLastSecond) {
  RateMeter meter;
  EXPECT_EQ(meter.rate(kStart).bps, 0u);
  for (int i = 0; i < 100; ++i) meter.add(125, kStart + i * 20ms);
  EXPECT_EQ(meter.rate(kStart + 1999ms).bps, 50u * 125 * 8);
  EXPECT_EQ(meter.rate(kStart + 2499ms).bps, 25u * 125 * 8);
  EXPECT_EQ(meter.rate(kStart + 4s).bps, 0u);
}

TEST(EncodingClocks, TakesTheFirstEncodingAsReference) {
  EncodingClocks clocks(90000);
  clocks.handle_packet(1, 5000, kStart);
  EXPECT_TRUE(clocks.clocks()[1].known);
  EXPECT_EQ(clocks.clocks()[1].to_reference, 0);
  EXPECT_FALSE(clocks.clocks()[0].known);
}

TEST(EncodingClocks, EstimatesByArrivalBeforeSenderReports) {
  EncodingClocks clocks(90000);
  clocks.handle_packet(0, 5000, kStart);
  clocks.handle_packet(1, 1'000'000, kStart + 100ms);
  EXPECT_EQ(clocks.clocks()[1].to_reference, 5000 + 9000 - 1'000'000);
}

TEST(EncodingClocks, IsExactOnceBothHaveSenderReports) {
  EncodingClocks clocks(90000);
  clocks.handle_packet(0, 5000, kStart);
  clocks.handle_packet(1, 1'000'000, kStart + 100ms);  // 30 ms late
  clocks.handle_sender_report(0, NtpTime{uint64_t{10} << 32}, 5000);
  clocks.handle_sender_report(1, NtpTime{uint64_t{12} << 32}, 1'000'000 + 2 * 90000 - 6300);
  EXPECT_EQ(clocks.clocks()[1].to_reference, 5000 + 6300 - 1'000'000);
  EXPECT_EQ(clocks.clocks()[0].to_reference, 0);
}

TEST(EncodingClocks, IgnoresSenderReportsThatCannotBe) {
  EncodingClocks clocks(90000);
  clocks.handle_packet(0, 5000, kStart);
  clocks.handle_packet(1, 1'000'000, kStart);
  const auto before = clocks.clocks();
  clocks.handle_sender_report(0, NtpTime{uint64_t{10} << 32}, 5000);
  clocks.handle_sender_report(1, NtpTime{uint64_t{20} << 32}, 1'000'000);
  clocks.handle_sender_report(1, NtpTime{uint64_t{3'000'000'000} << 32}, 1'000'000);
  EXPECT_EQ(clocks.clocks(), before);
}

TEST(EncodingClocks, KeepsTheCommonTimeWhenAnEncodingBeginsAnew) {
  EncodingClocks clocks(90000);
  clocks.handle_packet(0, 5000, kStart);
  clocks.restart(0);
  clocks.handle_packet(0, 77, kStart + 1s);
  EXPECT_EQ(clocks.clocks()[0].to_reference, 5000 + 90000 - 77);
}

}  // namespace
}  // namespace gstlk::forward
