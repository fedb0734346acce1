// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "room/busy_bitrate.h"
#include "room/settings.h"

namespace gstlk::room {

// Whether one subscriber can be sent another reliable message. With a threshold: one that is full
// is waited for unless it takes less than the threshold, which can be said after 100 ms; then it
// loses what it has no room for, until it takes more. Without one: it is waited for as long as it
// takes anything within five seconds.
class ReliableOutlet {
 public:
  enum class Verdict : uint8_t { Send, Wait, Drop };
  // Few milliseconds of a fast link: what is on its way does not count.
  static constexpr size_t kRoom = 32 * 1024;
  static constexpr Duration kPatience = 5s;

  // `limits` outlives this.
  explicit ReliableOutlet(const DataLimits& limits) : limits_(limits) {}

  // `waiting` bytes have not been sent to it yet.
  Verdict judge(size_t waiting, Timestamp now);
  // A message was given to it, behind `waiting` bytes.
  void on_sent(size_t size, size_t waiting, Timestamp now);

 private:
  bool is_slow(Timestamp now) const;

  const DataLimits& limits_;
  BusyBitrate bitrate_;
  bool is_full_ = false;
  Timestamp progress_at_{};  // while full
  size_t last_waiting_ = 0;
};

// Whether one subscriber can be sent another message of a channel that may lose some: not when what
// waits would take longer than `target_latency` at its rate. Zero: always.
class LossyOutlet {
 public:
  // Below, nothing is dropped.
  static constexpr size_t kMinimum = 8 * 1024;

  explicit LossyOutlet(Duration target_latency) : target_latency_(target_latency) {}

  // Also notes that the message of `size` bytes was given to it, if it can.
  [[nodiscard]] bool admit(size_t size, size_t waiting, Timestamp now);

 private:
  const Duration target_latency_;
  BusyBitrate bitrate_;
};

}  // namespace gstlk::room
