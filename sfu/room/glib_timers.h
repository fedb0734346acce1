// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "room/timers.h"

namespace gstlk::room {

// The daemon's time: GLib's default main context and its clocks. Main thread only.
class GlibTimers : public Timers {
 public:
  Timestamp now() const override;
  int64_t unix_micros() const override;
  std::unique_ptr<Timer> call_later(Duration delay, std::function<void()> callback) override;
};

}  // namespace gstlk::room
