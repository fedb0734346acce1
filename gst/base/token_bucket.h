// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace gstlk {

// A rate with a burst: what is spent comes back at `per_second`, up to `burst`, with which it
// begins. A few nanoseconds. Not thread-safe.
class TokenBucket {
 public:
  TokenBucket(uint64_t per_second, uint64_t burst)
      : per_second_(static_cast<int64_t>(std::max<uint64_t>(per_second, 1))),
        full_(static_cast<int64_t>(burst) * kScale),
        level_(full_) {}

  // False, and nothing is spent, when there is not that much.
  [[nodiscard]] bool take(uint64_t amount, Timestamp now) {
    refill(now);
    const int64_t cost = static_cast<int64_t>(amount) * kScale;
    if (level_ < cost) return false;
    level_ -= cost;
    return true;
  }
  // Even what is not there.
  void spend(uint64_t amount, Timestamp now) {
    refill(now);
    level_ -= static_cast<int64_t>(amount) * kScale;
  }
  // Until there is so much; zero: now.
  Duration wait_for(uint64_t amount, Timestamp now) {
    refill(now);
    const int64_t missing = static_cast<int64_t>(amount) * kScale - level_;
    return missing <= 0 ? Duration{} : Duration((missing + per_second_ - 1) / per_second_);
  }
  bool is_full(Timestamp now) {
    refill(now);
    return level_ >= full_;
  }

 private:
  static constexpr int64_t kScale = 1'000'000;  // a microsecond's part of it

  void refill(Timestamp now) {
    const int64_t passed = (now - last_).count();
    if (passed <= 0) return;
    last_ = now;
    // Not multiplied where that could overflow.
    const bool filled = passed > (full_ - level_) / per_second_;
    level_ = filled ? full_ : level_ + passed * per_second_;
  }

  int64_t per_second_;
  int64_t full_;
  int64_t level_;
  Timestamp last_{};
};

}  // namespace gstlk
