// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/metrics_clock.h"

#include <gtest/gtest.h>

#include <limits>

#include "livekit_metrics.pb.h"

namespace gstlk::room {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kNow = 1'700'000'000 * kSecond;

int64_t micros(const google::protobuf::Timestamp& timestamp) {
  return timestamp.seconds() * kSecond + timestamp.nanos() / 1000;
}

// When the server believes that the client's clock stood at `client_millis`.
int64_t batch_at(MetricsClock& clock, int64_t client_millis, int64_t arrival) {
  ::livekit::MetricsBatch batch;
  batch.set_timestamp_ms(client_millis);
  clock.normalize(batch, arrival);
  return micros(batch.normalized_timestamp());
}

TEST(MetricsClock, TheQuickestBatchTellsTheOffset) {
  MetricsClock clock;
  EXPECT_EQ(batch_at(clock, 1000, kNow), kNow);
  // Half a second late on its way: its time is known from the first.
  EXPECT_EQ(batch_at(clock, 2000, kNow + kSecond + kSecond / 2), kNow + kSecond);
  // A quicker one moves all that follow.
  EXPECT_EQ(batch_at(clock, 3000, kNow + 2 * kSecond - 100'000), kNow + 2 * kSecond - 100'000);
  EXPECT_EQ(batch_at(clock, 4000, kNow + 3 * kSecond), kNow + 3 * kSecond - 100'000);
}

TEST(MetricsClock, AClockThatWasSetIsFollowedInTheEnd) {
  MetricsClock clock;
  batch_at(clock, 1000, kNow);
  for (int i = 1; i <= 180; ++i) batch_at(clock, 1000 + i * 1000 - 5000, kNow + i * kSecond);
  EXPECT_EQ(batch_at(clock, 177'000, kNow + 181 * kSecond), kNow + 181 * kSecond);
}

TEST(MetricsClock, SamplesAndEventsMoveAlong) {
  MetricsClock clock;
  ::livekit::MetricsBatch batch;
  batch.set_timestamp_ms(10'000);
  batch.add_time_series()->add_samples()->set_timestamp_ms(9'000);
  batch.add_events()->set_start_timestamp_ms(8'000);
  batch.add_events()->set_start_timestamp_ms(7'000);
  batch.mutable_events(1)->set_end_timestamp_ms(7'500);
  clock.normalize(batch, kNow);
  EXPECT_EQ(micros(batch.time_series(0).samples(0).normalized_timestamp()), kNow - kSecond);
  EXPECT_EQ(micros(batch.events(0).normalized_start_timestamp()), kNow - 2 * kSecond);
  EXPECT_FALSE(batch.events(0).has_normalized_end_timestamp());
  EXPECT_EQ(micros(batch.events(1).normalized_end_timestamp()), kNow - 5 * kSecond / 2);
}

TEST(MetricsClock, TimesThatAreNoneDoNoHarm) {
  MetricsClock clock;
  batch_at(clock, std::numeric_limits<int64_t>::max(), kNow);
  batch_at(clock, std::numeric_limits<int64_t>::min(), kNow);
  EXPECT_GE(batch_at(clock, 0, kNow), 0);
}

}  // namespace
}  // namespace gstlk::room
