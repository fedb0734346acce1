// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/time.h"

namespace gstlk::room {

// One pending call; destroying it cancels. May be destroyed from inside its own callback.
class Timer {
 public:
  virtual ~Timer() = default;
};

// Time as room/ and signal/ see it: the daemon's is GLib's main loop (GlibTimers), a test's stands
// still until it is advanced. Main thread only.
class Timers {
 public:
  virtual ~Timers() = default;
  virtual Timestamp now() const = 0;
  // Microseconds since 1 January 1970, for what clients are told.
  virtual int64_t unix_micros() const = 0;
  // Runs `callback` once from the main loop, never from inside this call. A delay of zero is the
  // next turn of the loop.
  [[nodiscard]] virtual std::unique_ptr<Timer> call_later(Duration delay,
                                                          std::function<void()> callback) = 0;
};

}  // namespace gstlk::room
