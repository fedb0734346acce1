// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace gstlk::rtp {

// Each up to 40,950 ms, in steps of 10 ms. Both zero asks the receiver to render as fast as it can.
struct PlayoutDelayLimits {
  Duration min{};
  Duration max{};  // zero with a `min` above it: ten seconds

  bool operator==(const PlayoutDelayLimits&) const = default;
};

// What one receiver is told of how long it shall hold video back, as the header extension
// "playout-delay" says it: at least the delay that the jitter and the retransmissions of its path
// need, within the limits, moving by 80 ms a second at most. A value goes with every packet until
// the receiver has reported one of them, and in the beginning for longer: a browser may report
// packets of a stream that it makes anew when it has read the description. Not thread-safe.
class PlayoutDelay {
 public:
  explicit PlayoutDelay(PlayoutDelayLimits limits);

  // Whether the next packet carries it.
  bool is_due() const { return !acknowledged_ || !settled_; }
  const std::array<uint8_t, 3>& element() const { return element_; }
  void on_sent(uint16_t sequence, Timestamp now) {
    if (!begun_) begun_ = now;
    if (first_) return;
    first_ = sequence;
    sending_since_ = now;
  }

  // A receiver report: `packets` and `nacks` are those of the whole stream.
  void on_report(uint16_t highest_sequence, Duration jitter, uint64_t packets, uint64_t nacks,
                 Timestamp now);
  Duration delay() const { return delay_; }

 private:
  void set(Duration delay);

  const PlayoutDelayLimits limits_;
  Duration delay_{};
  std::array<uint8_t, 3> element_{};
  std::optional<uint16_t> first_;  // sent with it
  Timestamp sending_since_{};
  std::optional<Timestamp> begun_;  // the first of all
  bool acknowledged_ = false;
  bool settled_ = false;
  uint64_t packets_ = 0;
  uint64_t nacks_ = 0;
};

}  // namespace gstlk::rtp
