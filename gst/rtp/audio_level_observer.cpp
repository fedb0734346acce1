// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/audio_level_observer.h"

#include <algorithm>
#include <cmath>

namespace gstlk::rtp {
namespace {

constexpr uint8_t kActiveLevel = 35;  // -dBov; louder is less
constexpr Duration kWindow = 400ms;
constexpr Duration kMinActive = kWindow * 40 / 100;
constexpr Duration kSilence = 800ms;
constexpr Duration kFirstPacket = 20ms;
constexpr Duration kMaxPacket = 120ms;            // the longest of Opus
constexpr double kSmoothing = 2.0 / (2.0 + 1.0);  // over two windows

double to_linear(double level) { return std::pow(10.0, -level / 20.0); }

}  // namespace

void AudioLevelObserver::on_packet(AudioLevel level, uint32_t timestamp, Timestamp now) {
  Duration duration = kFirstPacket;
  if (started_) {
    const int32_t ticks = static_cast<int32_t>(timestamp - last_timestamp_);
    if (ticks <= 0 || clock_rate_ == 0) return;  // late
    duration = Duration(int64_t{ticks} * 1'000'000 / clock_rate_);
  }
  started_ = true;
  last_timestamp_ = timestamp;
  last_packet_ = now;

  // A gap before the packet (DTX) was silence, whatever the packet says.
  observed_ += duration;
  if (level.level <= kActiveLevel) {
    active_ += std::min(duration, kMaxPacket);
    loudest_ = std::min(loudest_, level.level);
  }
  if (observed_ >= kWindow) finish_window();
}

void AudioLevelObserver::finish_window() {
  if (active_ >= kMinActive) {
    const double share = static_cast<double>(active_.count()) / Duration(kWindow).count();
    const double adjusted = loudest_ - 20.0 * std::log10(share);
    smoothed_ += (std::min(1.0, to_linear(adjusted)) - smoothed_) * kSmoothing;
  } else {
    smoothed_ = 0;
  }
  loudest_ = 127;
  observed_ = active_ = {};
}

double AudioLevelObserver::level(Timestamp now) const {
  return started_ && now - last_packet_ < kSilence ? smoothed_ : 0;
}

bool AudioLevelObserver::is_active(Timestamp now) const {
  static const double threshold = to_linear(kActiveLevel);
  return level(now) >= threshold;
}

}  // namespace gstlk::rtp
