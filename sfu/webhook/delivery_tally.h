// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace gstlk::webhook {

// What became of deliveries since the start, for those who count.
struct DeliveryTally {
  // Upper ends of the buckets of `lengths`; the last has what is longer.
  static constexpr std::array<uint64_t, 9> kLengths{1, 2, 3, 4, 5, 10, 20, 40, 80};

  uint64_t delivered = 0;
  uint64_t failed = 0;    // attempts, of which each is followed by another or by the end of it
  uint64_t full = 0;      // dropped: too many waited for the same resource
  uint64_t overflow = 0;  // dropped: newer ones needed the room
  uint64_t too_old = 0;   // dropped: not delivered in time
  // How many waited for the same resource when one was added, itself too.
  std::array<uint64_t, kLengths.size() + 1> lengths{};
  uint64_t length_sum = 0;

  void add_length(uint64_t length) {
    ++lengths[static_cast<size_t>(std::ranges::lower_bound(kLengths, length) - kLengths.begin())];
    length_sum += length;
  }
};

}  // namespace gstlk::webhook
