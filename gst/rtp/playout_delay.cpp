// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/playout_delay.h"

#include <algorithm>

namespace gstlk::rtp {
namespace {

constexpr Duration kUnit = 10ms;
constexpr Duration kHighest = 4095 * kUnit;
constexpr Duration kDefaultMax = 10s;
// LiveKit's: what a jitter needs, what many retransmissions add, and how fast it moves.
constexpr int kJitters = 10;
constexpr uint64_t kHarmlessNackPercent = 60;
constexpr Duration kDelayPerNackPercent = 2ms;
constexpr Duration kChangePerSecond = 80ms;
// Within which the receiver has the stream that it keeps.
constexpr Duration kBeginning = 5s;

PlayoutDelayLimits within_range(PlayoutDelayLimits limits) {
  if (limits.max == 0us && limits.min > 0us) limits.max = kDefaultMax;
  limits.max = std::clamp<Duration>(limits.max, 0us, kHighest);
  limits.min = std::clamp<Duration>(limits.min, 0us, limits.max);
  return limits;
}

}  // namespace

PlayoutDelay::PlayoutDelay(PlayoutDelayLimits limits) : limits_(within_range(limits)) {
  set(limits_.min);
}

//   0                   1                   2
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
//  |       MIN delay       |       MAX delay       |
void PlayoutDelay::set(Duration delay) {
  delay_ = delay;
  const auto min = static_cast<uint32_t>(delay / kUnit);
  const auto max = static_cast<uint32_t>(limits_.max / kUnit);
  element_ = {static_cast<uint8_t>(min >> 4), static_cast<uint8_t>((min << 4) | (max >> 8)),
              static_cast<uint8_t>(max)};
  first_.reset();
  acknowledged_ = false;
}

void PlayoutDelay::on_report(uint16_t highest_sequence, Duration jitter, uint64_t packets,
                             uint64_t nacks, Timestamp now) {
  if (first_ && static_cast<uint16_t>(highest_sequence - *first_) < 0x8000) acknowledged_ = true;
  if (begun_ && now - *begun_ >= kBeginning) settled_ = true;
  if (!acknowledged_) return;
  const uint64_t sent = packets - packets_;
  const uint64_t percent = sent == 0 ? 0 : (nacks - nacks_) * 100 / sent;
  packets_ = packets;
  nacks_ = nacks;
  Duration wanted = kJitters * jitter;
  if (percent > kHarmlessNackPercent)
    wanted += static_cast<int64_t>(percent - kHarmlessNackPercent) * kDelayPerNackPercent;
  const Duration elapsed = std::min<Duration>(now - sending_since_, 1s);
  const Duration step = elapsed * kChangePerSecond.count() / Duration(1s).count();
  wanted = std::clamp<Duration>(wanted, delay_ - step, delay_ + step);
  wanted = std::clamp<Duration>(wanted, limits_.min, limits_.max) / kUnit * kUnit;
  if (wanted != delay_ / kUnit * kUnit) set(wanted);
}

}  // namespace gstlk::rtp
