// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include "base/time.h"

namespace gstlk::forward {

// Whether one layer of a track is being received. The first packet makes it alive at once. After it
// stopped it must keep coming for a while to be alive again, so that a layer at the edge of the
// publisher's bandwidth does not take subscribers up and down; not so when it stopped because
// nobody wanted it, which expect() says. Not thread-safe.
class StreamTracker {
 public:
  // `stop_after`: silence that means it has stopped.
  explicit StreamTracker(Duration stop_after = 700ms) : stop_after_(stop_after) {}

  void handle_packet(Timestamp now);
  void expect() { trusted_ = true; }

  bool alive(Timestamp now) const;
  // When alive() will change without another packet; nullopt: it is false.
  std::optional<Timestamp> next_timeout(Timestamp now) const;

 private:
  Duration stop_after_;
  bool seen_ = false;
  bool trusted_ = true;  // the next packet makes it alive
  Timestamp last_{};     // packet
  Timestamp alive_since_{};
};

}  // namespace gstlk::forward
