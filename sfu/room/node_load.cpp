// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/node_load.h"

#include <chrono>
#include <utility>

#include "room/settings.h"

namespace gstlk::room {
namespace {

// LiveKit's node_stats: how often, and over how long.
constexpr Duration kSampleInterval = 2s;
constexpr Duration kRateInterval = 10s;

}  // namespace

NodeLoad::NodeLoad(const Limits& limits, Timers& timers, std::function<uint64_t()> bytes)
    : limits_(limits), timers_(timers), bytes_(std::move(bytes)) {
  if (limits_.bytes_per_sec > 0 && bytes_) sample();
}

NodeLoad::~NodeLoad() = default;

void NodeLoad::sample() {
  const Timestamp now = timers_.now();
  samples_.push_back({now, bytes_()});
  while (samples_.size() > 1 && now - samples_[1].at >= kRateInterval) samples_.pop_front();
  const Duration passed = now - samples_.front().at;
  if (passed >= kRateInterval) {
    rate_ = static_cast<double>(samples_.back().bytes - samples_.front().bytes) /
            std::chrono::duration<double>(passed).count();
  }
  timer_ = timers_.call_later(kSampleInterval, [this] { sample(); });
}

bool NodeLoad::is_full() const {
  if (limits_.num_tracks != 0 && tracks_in_ + tracks_out_ >= limits_.num_tracks) return true;
  return limits_.bytes_per_sec > 0 && rate_ >= limits_.bytes_per_sec;
}

void NodeLoad::on_track_published(const Publication&) { ++tracks_in_; }

void NodeLoad::on_track_unpublished(const Publication&) { --tracks_in_; }

void NodeLoad::on_subscription(const SubscriptionEvent& event) {
  tracks_out_ += event.step == SubscriptionEvent::Step::Succeeded;
  tracks_out_ -= event.step == SubscriptionEvent::Step::Ended;
}

}  // namespace gstlk::room
