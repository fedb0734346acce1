// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/counter.h"
#include "base/time.h"

namespace gstlk::sfu {

// How long packets take from the turn in which a worker read them to the system call that sent
// them, counted in LiveKit's buckets. A batch of packets for one subscriber costs a comparison, a
// turn one look at the clock.
class ForwardLatency {
 public:
  static constexpr std::array kBounds{50us,    100us,   250us,   500us,    1'000us,
                                      2'000us, 3'000us, 5'000us, 10'000us, 20'000us};

  // A copy. Sums are of microseconds and their squares.
  struct Totals {
    std::array<uint64_t, kBounds.size() + 1> packets{};  // each bucket alone
    uint64_t sum = 0;
    uint64_t sum_of_squares = 0;

    Totals& operator+=(const Totals& other);
  };

  // --- its worker's thread ---

  // `packets` that arrived at `arrived` leave when this turn ends.
  void on_forwarded(Timestamp arrived, size_t packets) {
    if (packets == 0) return;
    if (!waiting_.empty() && waiting_.back().arrived == arrived) {
      waiting_.back().packets += packets;
    } else {
      waiting_.push_back({arrived, packets});
    }
  }
  bool is_waiting() const { return !waiting_.empty(); }
  // They have left.
  void on_sent(Timestamp now);

  // --- any thread ---

  Totals totals() const;

 private:
  struct Waiting {
    Timestamp arrived;
    uint64_t packets;
  };

  std::vector<Waiting> waiting_;
  std::array<Counter, kBounds.size() + 1> packets_;
  Counter sum_;
  Counter sum_of_squares_;
};

}  // namespace gstlk::sfu
