// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/connection_quality.h"

#include <algorithm>
#include <utility>

namespace gstlk::room {
namespace {

constexpr double kPerfect = 100;
constexpr double kFloor = 30;
constexpr double kDry = 40;  // nothing was sent in the window
// What one per cent of loss costs. Opus conceals, video freezes.
constexpr double kVideoWeight = 10;
constexpr double kAudioWeight = 8;
constexpr double kTowardsWorse = 0.8;
constexpr double kTowardsBetter = 0.4;

}  // namespace

double TrackQuality::update(const StreamStats& streams, bool muted) {
  StreamStats last = std::exchange(last_, streams);
  const bool was_muted = std::exchange(was_muted_, muted);
  if (muted) return score_ = kPerfect;
  // The window in which it was unmuted says nothing yet.
  if (was_muted) return score_;
  const auto grown = [](uint64_t now, uint64_t before) {
    return now > before ? static_cast<double>(now - before) : 0.0;
  };
  double packets = 0;
  double lost = 0;
  for (const auto& [stream, stats] : streams) {
    packets += grown(stats.packets, last[stream].packets);
    lost += grown(stats.packets_lost, last[stream].packets_lost);
  }
  double score = kDry;
  if (packets + lost > 0) {
    const double weight = kind_ == TrackKind::Video ? kVideoWeight : kAudioWeight;
    score = std::max(kFloor, kPerfect - 100 * lost / (packets + lost) * weight);
  }
  score_ += (score < score_ ? kTowardsWorse : kTowardsBetter) * (score - score_);
  return score_;
}

::livekit::ConnectionQuality quality_of(double score) {
  if (score > 80) return ::livekit::EXCELLENT;
  if (score > 40) return ::livekit::GOOD;
  return score > 20 ? ::livekit::POOR : ::livekit::LOST;
}

}  // namespace gstlk::room
