// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/time.h"
#include "rtp/codec/payload_descriptor.h"

namespace gstlk::forward {

// When a subscriber is sent packets of our own making, because it has just subscribed to a track
// of which nothing comes (muted, or silent): clients that report a track with its first packet
// (LiveKit's Go SDK, and so its egress) would not report that one otherwise. The first goes after
// 100 ms; then audio gets its silence 50 times a second and video an empty packet 10 times, until
// the track itself is heard of, for at most 5 s. Driven with the time given; not thread-safe.
class Filler {
 public:
  void start(bool video, Timestamp now);
  void stop() { end_.reset(); }
  // Whether one is due; the next is later.
  bool poll(Timestamp now);
  std::optional<Timestamp> next_timeout() const {
    return end_ ? std::optional(next_) : std::nullopt;
  }

 private:
  Duration interval_{};
  Timestamp next_{};
  std::optional<Timestamp> end_;
};

// A packet's payload of 20 ms silence, empty for video and where there is none: 1 frame of Opus
// (also for RED, which a subscriber may get without redundancy), PCMU and PCMA.
ByteView silence(rtp::Codec codec);

}  // namespace gstlk::forward
