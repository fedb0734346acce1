// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace gstlk::rtp {

// Merges the keyframe requests of many subscribers into few PLIs or FIRs to a publisher: one at
// once, the next after `first_interval`, then one per `interval` as long as somebody asks. What is
// asked for in between is kept and becomes due. Driven by its owner's timer. Not thread-safe.
class KeyframeThrottle {
 public:
  explicit KeyframeThrottle(Duration interval) : KeyframeThrottle(interval, interval) {}
  KeyframeThrottle(Duration first_interval, Duration interval)
      : first_interval_(first_interval), interval_(interval) {}

  // Notes that somebody needs a keyframe of `ssrc`. True: send a PLI now. `instead` is this one's
  // interval, the first likewise.
  bool request(Ssrc ssrc, Timestamp now, std::optional<Duration> instead = std::nullopt);
  // A keyframe came: what waits is answered.
  void on_keyframe(Ssrc ssrc);
  // The PLI that became due by `now`, if one did; call until nullopt.
  std::optional<Ssrc> poll(Timestamp now);
  // When poll() will next have something to say; nullopt when nothing waits.
  std::optional<Timestamp> next_timeout() const;

 private:
  struct Entry {
    Ssrc ssrc;
    Timestamp allowed;  // no sooner
    std::optional<Duration> instead;
    bool repeated = false;
    bool waiting = false;
  };
  void send(Entry& entry, Timestamp now);

  Duration first_interval_;
  Duration interval_;
  std::vector<Entry> entries_;
};

}  // namespace gstlk::rtp
