// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/data_outlet.h"

#include <gtest/gtest.h>

namespace gstlk::room {
namespace {

using Verdict = ReliableOutlet::Verdict;

constexpr Timestamp kStart{100s};

TEST(BusyBitrate, CountsOnlyTheTimeThatSomethingWaited) {
  BusyBitrate bitrate;
  Timestamp now = kStart;
  for (int i = 0; i < 5; ++i, now += 1s) {
    bitrate.add(1000, 0, now);
    EXPECT_FALSE(bitrate.rate());
  }
  // 800 bytes in every 100 ms, above 1000 that always wait.
  bitrate.add(1800, 0, now);
  for (int i = 0; i < 30; ++i) {
    now += 100ms;
    bitrate.add(800, 1000, now);
  }
  ASSERT_TRUE(bitrate.rate());
  EXPECT_NEAR(static_cast<double>(*bitrate.rate()), 64'000, 2'000);
}

TEST(BusyBitrate, ABufferThatNobodyEmptiesHasNone) {
  BusyBitrate bitrate;
  size_t waiting = 0;
  for (Timestamp now = kStart; now < kStart + 1s; now += 50ms, waiting += 1000)
    bitrate.add(1000, waiting, now);
  ASSERT_TRUE(bitrate.rate());
  EXPECT_EQ(*bitrate.rate(), 0u);
}

TEST(BusyBitrate, ForgetsAfterTwoSeconds) {
  BusyBitrate bitrate;
  bitrate.add(1'000'000, 0, kStart);
  bitrate.add(0, 500'000, kStart + 1s);
  EXPECT_EQ(bitrate.rate(), 4'000'000u);
  for (Duration passed = 1s; passed < 4s; passed += 100ms) bitrate.add(0, 500'000, kStart + passed);
  EXPECT_EQ(bitrate.rate(), 0u);
}

// A subscriber that takes `rate` bits per second, and a sender that asks every 10 ms.
class Subscriber {
 public:
  Subscriber(const DataLimits& limits, size_t rate) : outlet_(limits), rate_(rate) {}

  void run(Duration time) {
    for (const Timestamp end = now_ + time; now_ < end; now_ += 10ms) {
      waiting_ -= std::min(waiting_, rate_ / 8 / 100);
      for (Verdict verdict = outlet_.judge(waiting_, now_);;
           verdict = outlet_.judge(waiting_, now_)) {
        if (verdict == Verdict::Drop) ++dropped;
        if (verdict == Verdict::Wait) ++waited;
        if (verdict != Verdict::Send) break;
        outlet_.on_sent(1000, waiting_, now_);
        waiting_ += 1000;
        ++sent;
      }
    }
  }
  void set_rate(size_t rate) { rate_ = rate; }
  size_t waiting() const { return waiting_; }

  size_t sent = 0;
  size_t waited = 0;
  size_t dropped = 0;

 private:
  ReliableOutlet outlet_;
  size_t rate_;
  size_t waiting_ = 0;
  Timestamp now_ = kStart;
};

TEST(ReliableOutlet, WhoIsFasterThanTheThresholdIsWaitedFor) {
  const DataLimits limits{.slow_threshold = 800'000};
  Subscriber subscriber(limits, 1'600'000);
  subscriber.run(10s);
  EXPECT_EQ(subscriber.dropped, 0u);
  EXPECT_NEAR(static_cast<double>(subscriber.sent), 2000, 50);
  EXPECT_LE(subscriber.waiting(), ReliableOutlet::kRoom + 1000);
}

TEST(ReliableOutlet, WhoIsSlowerLosesAndHoldsNobodyUp) {
  const DataLimits limits{.slow_threshold = 800'000};
  Subscriber subscriber(limits, 400'000);
  subscriber.run(10s);
  EXPECT_GT(subscriber.dropped, 900u);
  EXPECT_LT(subscriber.waited, 20u);
  EXPECT_NEAR(static_cast<double>(subscriber.sent), 500, 50);
}

TEST(ReliableOutlet, WhoBecomesFasterIsWaitedForAgain) {
  const DataLimits limits{.slow_threshold = 800'000};
  Subscriber subscriber(limits, 400'000);
  subscriber.run(5s);
  subscriber.set_rate(1'600'000);
  subscriber.run(3s);
  subscriber.dropped = 0;
  subscriber.run(3s);
  EXPECT_EQ(subscriber.dropped, 0u);
}

TEST(ReliableOutlet, AShortPauseIsNotSlowness) {
  const DataLimits limits{.slow_threshold = 100'000};
  Subscriber subscriber(limits, 1'600'000);
  subscriber.run(3s);
  subscriber.set_rate(0);
  subscriber.run(1s);
  subscriber.set_rate(1'600'000);
  subscriber.run(3s);
  EXPECT_EQ(subscriber.dropped, 0u);
  subscriber.set_rate(0);
  subscriber.run(4s);
  EXPECT_GT(subscriber.dropped, 0u);
}

TEST(ReliableOutlet, WithoutAThresholdOnlyWhoTakesNothingForFiveSecondsLoses) {
  const DataLimits limits;
  Subscriber subscriber(limits, 8'000);
  subscriber.run(60s);
  EXPECT_EQ(subscriber.dropped, 0u);
  subscriber.set_rate(0);
  subscriber.run(4900ms);
  EXPECT_EQ(subscriber.dropped, 0u);
  subscriber.run(1s);
  EXPECT_GT(subscriber.dropped, 0u);
  subscriber.set_rate(80'000);
  subscriber.run(1s);
  subscriber.dropped = 0;
  subscriber.run(60s);
  EXPECT_EQ(subscriber.dropped, 0u);
}

TEST(ReliableOutlet, ALimitOfTheBufferWaitsForNobody) {
  const DataLimits limits{.max_buffered_amount = 100'000};
  ReliableOutlet outlet(limits);
  EXPECT_EQ(outlet.judge(100'000, kStart), Verdict::Send);
  EXPECT_EQ(outlet.judge(100'001, kStart), Verdict::Drop);
  EXPECT_EQ(outlet.judge(10, kStart), Verdict::Send);
}

TEST(LossyOutlet, DropsWhatWouldBeTooLate) {
  LossyOutlet outlet(100ms);
  Timestamp now = kStart;
  // Takes 1 Mbit/s: 12.5 KB in 100 ms.
  size_t waiting = 0;
  size_t most = 0;
  int dropped = 0;
  for (int i = 0; i < 500; ++i, now += 10ms) {
    waiting -= std::min<size_t>(waiting, 1250);
    if (outlet.admit(2500, waiting, now))
      waiting += 2500;
    else
      ++dropped;
    if (i > 100) most = std::max(most, waiting);
  }
  EXPECT_GT(dropped, 200);
  EXPECT_LE(most, 17'000u);
  EXPECT_GE(most, 12'500u);
}

TEST(LossyOutlet, AFewKilobytesMayAlwaysWait) {
  LossyOutlet outlet(1ms);
  EXPECT_TRUE(outlet.admit(1000, 0, kStart));
  EXPECT_TRUE(outlet.admit(1000, 8000, kStart + 1s));
  EXPECT_TRUE(outlet.admit(1000, 8192, kStart + 2s));
  EXPECT_FALSE(outlet.admit(1000, 8193, kStart + 3s));
}

TEST(LossyOutlet, WithoutALatencyEverythingGoes) {
  LossyOutlet outlet(0ms);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(outlet.admit(1000, 1'000'000, kStart + i * 1s));
}

}  // namespace
}  // namespace gstlk::room
