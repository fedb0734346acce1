// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/forward_latency.h"

#include <algorithm>

namespace gstlk::sfu {

ForwardLatency::Totals& ForwardLatency::Totals::operator+=(const Totals& other) {
  for (size_t i = 0; i < packets.size(); ++i) packets[i] += other.packets[i];
  sum += other.sum;
  sum_of_squares += other.sum_of_squares;
  return *this;
}

void ForwardLatency::on_sent(Timestamp now) {
  for (const Waiting& waiting : waiting_) {
    const Duration passed = std::max(now - waiting.arrived, Duration{});
    const auto bucket = std::ranges::lower_bound(kBounds, passed) - kBounds.begin();
    const auto microseconds = static_cast<uint64_t>(passed.count());
    packets_[static_cast<size_t>(bucket)].add(waiting.packets);
    sum_.add(microseconds * waiting.packets);
    sum_of_squares_.add(microseconds * microseconds * waiting.packets);
  }
  waiting_.clear();
}

ForwardLatency::Totals ForwardLatency::totals() const {
  Totals totals;
  for (size_t i = 0; i < packets_.size(); ++i) totals.packets[i] = packets_[i].read();
  totals.sum = sum_.read();
  totals.sum_of_squares = sum_of_squares_.read();
  return totals;
}

}  // namespace gstlk::sfu
