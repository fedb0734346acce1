// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace gstlk::rtp {

// Decides when to ask for which missing packet of one stream (RFC 4585 generic NACK). A hole is
// asked for once it is older than this stream's reordering usually takes, then again after growing
// multiples of the round trip until its deadline. A stream that lost too much to be repaired is
// better served by a keyframe.
//
// Works on a timer: the last packet of a frame is missed too when nothing follows it soon after the
// hole was seen. Driven by ReceiveSession. Not thread-safe.
class NackGenerator {
 public:
  // `deadline`: after that a packet is of no use any more.
  explicit NackGenerator(Duration deadline) : deadline_(deadline) {}

  // A packet that was not there before. `sequence` is extended; `retransmitted` by RFC 4588.
  void on_packet(int64_t sequence, bool retransmitted, Timestamp now);
  void set_round_trip(Duration round_trip) { round_trip_ = round_trip; }
  // Forgets the stream.
  void reset();

  // Appends up to `limit` numbers to ask for now, ascending.
  void poll(Timestamp now, size_t limit, std::vector<uint16_t>& numbers);
  std::optional<Timestamp> next_timeout() const;

  // True once after packets were given up for lost.
  bool take_gave_up() { return std::exchange(gave_up_, false); }

  size_t missing() const { return missing_.size(); }
  // How long a hole waits for the packet to come by itself.
  Duration reorder_delay() const { return reorder_delay_; }

 private:
  struct Missing {
    int64_t sequence;
    Timestamp noticed;
    Timestamp next;
    uint32_t tries;
  };

  void add_missing(int64_t first, int64_t end, Timestamp now);
  void note_reordering(Duration lateness);
  Duration retry_interval(uint32_t tries) const;
  void expire(Timestamp now);
  void update_timeout();

  Duration deadline_;
  Duration round_trip_ = 70ms;
  Duration reorder_delay_ = 10ms;
  std::array<uint16_t, 9> lateness_{};  // histogram, 5 ms each
  uint16_t lateness_count_ = 0;
  bool started_ = false;
  bool gave_up_ = false;
  int64_t highest_ = 0;
  Timestamp next_timeout_ = Timestamp::max();
  std::vector<Missing> missing_;  // ascending
};

}  // namespace gstlk::rtp
