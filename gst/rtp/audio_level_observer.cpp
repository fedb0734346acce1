// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/audio_level_observer.h"

#include <algorithm>
#include <cmath>

namespace gstlk::rtp {
namespace {

constexpr Duration kFirstPacket = 20ms;
constexpr Duration kMaxPacket = 120ms;  // the longest of Opus
constexpr Duration kMaxLateness = 10s;  // further back, or further ahead, the source began anew

double to_linear(double level) { return std::pow(10.0, -level / 20.0); }

}  // namespace

void AudioLevelObserver::on_packet(AudioLevel level, uint32_t timestamp, Timestamp now) {
  Duration duration = kFirstPacket;
  if (started_) {
    const int32_t ticks = static_cast<int32_t>(timestamp - last_timestamp_);
    if (clock_rate_ == 0) return;
    const Duration elapsed(int64_t{ticks} * 1'000'000 / clock_rate_);
    if (elapsed <= 0us && elapsed > -kMaxLateness) return;  // late
    if (elapsed > 0us && elapsed < kMaxLateness) duration = elapsed;
  }
  started_ = true;
  last_timestamp_ = timestamp;
  last_packet_ = now;

  // A gap before the packet (DTX) was silence, whatever the packet says.
  observed_ += duration;
  if (level.level <= settings_.active_level) {
    active_ += std::min(duration, kMaxPacket);
    loudest_ = std::min(loudest_, level.level);
  }
  if (observed_ >= settings_.update_interval) finish_window();
}

void AudioLevelObserver::finish_window() {
  if (active_ > 0us && active_ * 100 >= settings_.update_interval * settings_.min_percentile) {
    const double share = static_cast<double>(active_.count()) /
                         static_cast<double>(settings_.update_interval.count());
    const double smoothing = 2.0 / (std::max<uint8_t>(settings_.smooth_intervals, 1) + 1.0);
    const double adjusted = loudest_ - 20.0 * std::log10(share);
    smoothed_ += (std::min(1.0, to_linear(adjusted)) - smoothed_) * smoothing;
  } else {
    smoothed_ = 0;
  }
  loudest_ = 127;
  observed_ = active_ = {};
}

double AudioLevelObserver::level(Timestamp now) const {
  return started_ && now - last_packet_ < settings_.update_interval * 2 ? smoothed_ : 0;
}

bool AudioLevelObserver::is_active(Timestamp now) const {
  return level(now) >= to_linear(settings_.active_level);
}

}  // namespace gstlk::rtp
