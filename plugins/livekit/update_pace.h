// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <optional>

#include "base/time.h"

namespace gstlk::client {

// Lets what changes often be dealt with together: the first change at once, those behind it when an
// interval is over. Whoever drives it sleeps for what changed() says, deals with everything and
// calls updated(). Not thread-safe.
class UpdatePace {
 public:
  explicit UpdatePace(Duration interval) : interval_(interval) {}

  // How long from now it is dealt with; nullopt: somebody sleeps for that already.
  std::optional<Duration> changed(Timestamp now) {
    if (waiting_) return std::nullopt;
    waiting_ = true;
    return last_ ? std::max(*last_ + interval_ - now, Duration::zero()) : Duration::zero();
  }
  void updated(Timestamp now) {
    waiting_ = false;
    last_ = now;
  }

 private:
  const Duration interval_;
  bool waiting_ = false;
  std::optional<Timestamp> last_;
};

}  // namespace gstlk::client
