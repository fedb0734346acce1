// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/time.h"

namespace gstlk::room {

// How fast a buffer is emptied, in bits per second over about two seconds, of which only the time
// counts that something waited in it. As LiveKit measures data channels.
class BusyBitrate {
 public:
  // `written` bytes go into a buffer in which `waiting` still are.
  void add(size_t written, size_t waiting, Timestamp now);
  // nullopt: hardly ever did anything wait.
  std::optional<uint64_t> rate() const;

 private:
  struct Slot {
    Timestamp start;
    uint64_t bytes = 0;
    Duration busy{};
  };

  std::deque<Slot> slots_;  // oldest first; the last one grows
  uint64_t bytes_ = 0;
  Duration busy_{};
  size_t filled_ = 0;  // by the last add()
  std::optional<Timestamp> last_;
};

}  // namespace gstlk::room
