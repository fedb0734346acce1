// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/speakers.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gstlk::room {
namespace {

// An exponential average over two intervals: 2 / (2 + 1).
constexpr double kSmoothing = 2.0 / 3.0;
// -35 dBov, LiveKit's audio.active_level: 10^(-35/20).
constexpr double kActive = 0.017782794;
constexpr double kSteps = 8;

}  // namespace

std::vector<Speakers::Change> Speakers::update(const std::map<ParticipantId, double>& levels) {
  for (const auto& [participant, level] : levels) {
    if (level > 0) states_.try_emplace(participant);
  }
  std::vector<Change> changes;
  for (auto it = states_.begin(); it != states_.end();) {
    State& state = it->second;
    const auto heard = levels.find(it->first);
    const double level = heard == levels.end() ? 0 : std::clamp(heard->second, 0.0, 1.0);
    state.smoothed += kSmoothing * (level - state.smoothed);
    const bool active = state.smoothed >= kActive;
    const auto told =
        active ? static_cast<float>(std::ceil(state.smoothed * kSteps) / kSteps) : 0.0F;
    if (std::exchange(state.told, told) != told) changes.push_back({it->first, told});
    it = active || level > 0 ? std::next(it) : states_.erase(it);
  }
  std::ranges::stable_sort(changes, std::greater{}, &Change::level);
  return changes;
}

float Speakers::level(const ParticipantId& participant) const {
  const auto found = states_.find(participant);
  return found == states_.end() ? 0 : found->second.told;
}

}  // namespace gstlk::room
