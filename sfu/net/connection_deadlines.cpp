// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/connection_deadlines.h"

#include <algorithm>

namespace gstlk::net {
namespace {

using Stage = ConnectionDeadlines::Stage;

struct Limit {
  Stage stage;
  Duration duration;
};
constexpr Limit kLimits[] = {{Stage::Request, 10s},
                             {Stage::Handshake, 3s},
                             {Stage::Idle, 75s},
                             {Stage::Transfer, 60s},
                             {Stage::Brief, 10s}};
constexpr Stage kWaiting[] = {Stage::Request, Stage::Idle, Stage::Transfer};

}  // namespace

void ConnectionDeadlines::add(Key key, Stage stage, Timestamp now) {
  remove(key);
  entries_[key] = {stage, now, in(stage).insert(in(stage).end(), key)};
}

void ConnectionDeadlines::change(Key key, Stage stage, Timestamp now) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.stage == Stage::Brief) return;
  add(key, stage, now);
}

void ConnectionDeadlines::remove(Key key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  in(found->second.stage).erase(found->second.place);
  entries_.erase(found);
}

Timestamp ConnectionDeadlines::first_since(Stage stage) {
  return in(stage).empty() ? Timestamp::max() : entries_.at(in(stage).front()).since;
}

size_t ConnectionDeadlines::waiting() {
  size_t count = 0;
  for (const Stage stage : kWaiting) count += in(stage).size();
  return count;
}

Stage ConnectionDeadlines::longest_waiting() {
  return *std::ranges::min_element(kWaiting, {},
                                   [this](Stage stage) { return first_since(stage); });
}

void ConnectionDeadlines::take_first(Stage stage, std::vector<Key>& taken) {
  taken.push_back(in(stage).front());
  remove(taken.back());
}

std::vector<ConnectionDeadlines::Key> ConnectionDeadlines::take_overdue(Timestamp now) {
  std::vector<Key> taken;
  for (const auto& [stage, duration] : kLimits) {
    while (!in(stage).empty() && now - first_since(stage) >= duration) take_first(stage, taken);
  }
  while (waiting() > max_waiting_) take_first(longest_waiting(), taken);
  return taken;
}

}  // namespace gstlk::net
