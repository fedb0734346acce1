// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/metrics_clock.h"

#include <algorithm>

#include "livekit_metrics.pb.h"

namespace gstlk::room {
namespace {

constexpr int64_t kPeriod = 60'000'000;
// The year 3000: what a client says beyond that is no time.
constexpr int64_t kLatestMillis = 32'503'680'000'000;

int64_t micros(int64_t millis) { return std::clamp<int64_t>(millis, 0, kLatestMillis) * 1000; }

void set(int64_t unix_micros, google::protobuf::Timestamp& timestamp) {
  const int64_t positive = std::max<int64_t>(unix_micros, 0);
  timestamp.set_seconds(positive / 1'000'000);
  timestamp.set_nanos(static_cast<int32_t>(positive % 1'000'000 * 1000));
}

}  // namespace

void MetricsClock::note(int64_t offset, int64_t unix_micros) {
  if (unix_micros - period_start_ >= kPeriod) {
    least_before_ = unix_micros - period_start_ >= 2 * kPeriod ? std::nullopt : least_;
    least_.reset();
    period_start_ = unix_micros;
  }
  least_ = std::min(least_.value_or(offset), offset);
}

int64_t MetricsClock::offset() const {
  if (!least_) return least_before_.value_or(0);
  return std::min(*least_, least_before_.value_or(*least_));
}

void MetricsClock::normalize(::livekit::MetricsBatch& batch, int64_t unix_micros) {
  if (batch.timestamp_ms() > 0) note(unix_micros - micros(batch.timestamp_ms()), unix_micros);
  const int64_t offset = this->offset();
  set(micros(batch.timestamp_ms()) + offset, *batch.mutable_normalized_timestamp());
  for (::livekit::TimeSeriesMetric& series : *batch.mutable_time_series()) {
    for (::livekit::MetricSample& sample : *series.mutable_samples())
      set(micros(sample.timestamp_ms()) + offset, *sample.mutable_normalized_timestamp());
  }
  for (::livekit::EventMetric& event : *batch.mutable_events()) {
    set(micros(event.start_timestamp_ms()) + offset, *event.mutable_normalized_start_timestamp());
    if (event.end_timestamp_ms() > 0)
      set(micros(event.end_timestamp_ms()) + offset, *event.mutable_normalized_end_timestamp());
  }
}

}  // namespace gstlk::room
