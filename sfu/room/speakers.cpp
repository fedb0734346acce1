// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/speakers.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gstlk::room {
namespace {

constexpr double kSteps = 8;

}  // namespace

Speakers::Speakers(uint8_t active_level) : active_(std::pow(10, -active_level / 20.0)) {}

std::vector<Speakers::Change> Speakers::update(const std::map<ParticipantId, double>& levels) {
  std::vector<Change> changes;
  for (auto it = told_.begin(); it != told_.end();) {
    const auto heard = levels.find(it->first);
    if (heard != levels.end() && heard->second >= active_) {
      ++it;
      continue;
    }
    changes.push_back({it->first, 0});
    it = told_.erase(it);
  }
  for (const auto& [participant, level] : levels) {
    if (level < active_) continue;
    const auto rounded = static_cast<float>(std::ceil(std::min(level, 1.0) * kSteps) / kSteps);
    float& told = told_[participant];
    if (std::exchange(told, rounded) != rounded) changes.push_back({participant, rounded});
  }
  std::ranges::stable_sort(changes, std::greater{}, &Change::level);
  return changes;
}

float Speakers::level(const ParticipantId& participant) const {
  const auto found = told_.find(participant);
  return found == told_.end() ? 0 : found->second;
}

}  // namespace gstlk::room
