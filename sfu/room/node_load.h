// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "base/time.h"
#include "room/room_listener.h"
#include "room/timers.h"

namespace gstlk::room {

struct Limits;

// Whether this node has as much to do as `limit.num_tracks` and `limit.bytes_per_sec` allow. As
// with LiveKit nobody new is let in then; who is there may publish and receive more. Tracks are
// those that are published and those that are received, one for each who receives it; the rate is
// that of the last ten seconds, both ways. Main thread only.
class NodeLoad : public RoomListener {
 public:
  // `bytes`: what the media plane has moved since the start. `limits` and `timers` outlive this.
  NodeLoad(const Limits& limits, Timers& timers, std::function<uint64_t()> bytes);
  ~NodeLoad() override;

  bool is_full() const;

  uint64_t tracks_in() const { return tracks_in_; }
  uint64_t tracks_out() const { return tracks_out_; }
  // Zero before the first ten seconds, or when it is not limited.
  double bytes_per_second() const { return rate_; }

  void on_track_published(const Publication& publication) override;
  void on_track_unpublished(const Publication& publication) override;
  void on_subscription(const SubscriptionEvent& event) override;

 private:
  struct Sample {
    Timestamp at;
    uint64_t bytes;
  };

  void sample();

  const Limits& limits_;
  Timers& timers_;
  const std::function<uint64_t()> bytes_;
  uint64_t tracks_in_ = 0;
  uint64_t tracks_out_ = 0;
  std::deque<Sample> samples_;  // oldest first
  double rate_ = 0;
  std::unique_ptr<Timer> timer_;
};

}  // namespace gstlk::room
