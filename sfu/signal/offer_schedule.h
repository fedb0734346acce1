// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "room/timers.h"

namespace gstlk::signal {

// When to negotiate: changes that come together make one offer. The first is 10 ms after its cause,
// further ones 150 ms, and an offer that is not answered within 15 s is a failure. Main thread
// only.
class OfferSchedule {
 public:
  // `timers` outlives this. `offer` is called from the main loop alone, never from request().
  OfferSchedule(room::Timers& timers, std::function<void()> offer, std::function<void()> failed);

  // Something changed.
  void request();
  // An offer went out.
  void sent();
  void answered() { limit_.reset(); }

 private:
  room::Timers& timers_;
  const std::function<void()> offer_;
  const std::function<void()> failed_;
  std::optional<Timestamp> last_;
  std::unique_ptr<room::Timer> debounce_;
  std::unique_ptr<room::Timer> limit_;
};

}  // namespace gstlk::signal
