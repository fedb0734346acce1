// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/nack_generator.h"

#include <algorithm>

namespace gstlk::rtp {
namespace {

constexpr size_t kMaxMissing = 250;
constexpr Duration kMinReorderDelay = 10ms;
constexpr Duration kMaxReorderDelay = 40ms;
constexpr Duration kMinRetry = 20ms;
constexpr Duration kLatenessStep = 5ms;
constexpr uint16_t kLatenessMemory = 64;  // samples, then all count half

}  // namespace

void NackGenerator::reset() {
  missing_.clear();
  started_ = false;
  update_timeout();
}

void NackGenerator::on_packet(int64_t sequence, bool retransmitted, Timestamp now) {
  if (!started_) {
    started_ = true;
    highest_ = sequence;
    return;
  }
  if (sequence > highest_) {
    add_missing(highest_ + 1, sequence, now);
    highest_ = sequence;
    return;
  }
  const auto found = std::lower_bound(missing_.begin(), missing_.end(), sequence,
                                      [](const Missing& m, int64_t s) { return m.sequence < s; });
  if (found == missing_.end() || found->sequence != sequence) return;
  // Once it was asked for, nobody knows whether it is the answer or came by itself.
  if (!retransmitted && found->tries == 0) note_reordering(now - found->noticed);
  missing_.erase(found);
  update_timeout();
}

void NackGenerator::add_missing(int64_t first, int64_t end, Timestamp now) {
  if (first >= end) return;
  const size_t count = static_cast<size_t>(end - first);
  if (missing_.size() + count > kMaxMissing) {
    missing_.clear();
    gave_up_ = true;
    update_timeout();
    return;
  }
  for (int64_t s = first; s < end; ++s) missing_.push_back({s, now, now + reorder_delay_, 0});
  next_timeout_ = std::min(next_timeout_, now + reorder_delay_);
}

// The 95th percentile of how late reordered packets are.
void NackGenerator::note_reordering(Duration lateness) {
  const size_t step = static_cast<size_t>(lateness / kLatenessStep);
  ++lateness_[std::min(step, lateness_.size() - 1)];
  if (++lateness_count_ >= kLatenessMemory) {
    lateness_count_ = 0;
    for (uint16_t& count : lateness_) lateness_count_ += count /= 2;
  }
  uint32_t below = 0;
  size_t i = 0;
  for (; i + 1 < lateness_.size(); ++i) {
    below += lateness_[i];
    if (below * 100 >= lateness_count_ * 95u) break;
  }
  reorder_delay_ = std::clamp<Duration>((static_cast<int64_t>(i) + 1) * kLatenessStep,
                                        kMinReorderDelay, kMaxReorderDelay);
}

Duration NackGenerator::retry_interval(uint32_t tries) const {
  return std::max<Duration>(kMinRetry, round_trip_ * (3 + std::min(tries, 20u)) / 4);
}

void NackGenerator::expire(Timestamp now) {
  // Ascending numbers were noticed in ascending order.
  const auto alive = std::find_if(missing_.begin(), missing_.end(),
                                  [&](const Missing& m) { return now - m.noticed < deadline_; });
  if (alive == missing_.begin()) return;
  missing_.erase(missing_.begin(), alive);
  gave_up_ = true;
}

void NackGenerator::poll(Timestamp now, size_t limit, std::vector<uint16_t>& numbers) {
  if (now < next_timeout_) return;
  expire(now);
  for (Missing& m : missing_) {
    if (m.next > now) continue;
    if (limit-- == 0) break;
    numbers.push_back(static_cast<uint16_t>(m.sequence));
    ++m.tries;
    m.next = now + retry_interval(m.tries);
  }
  update_timeout();
}

void NackGenerator::update_timeout() {
  next_timeout_ = Timestamp::max();
  for (const Missing& m : missing_) {
    next_timeout_ = std::min({next_timeout_, m.next, m.noticed + deadline_});
  }
}

std::optional<Timestamp> NackGenerator::next_timeout() const {
  if (missing_.empty()) return std::nullopt;
  return next_timeout_;
}

}  // namespace gstlk::rtp
