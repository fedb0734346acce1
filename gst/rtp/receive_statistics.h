// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>

#include "base/time.h"
#include "rtp/rtcp.h"
#include "rtp/sequence_unwrapper.h"

namespace gstlk::rtp {

// What a packet is to the stream it belongs to.
enum class Arrival : uint8_t {
  InOrder,  // newer than all before it, maybe behind a hole
  Late,     // fills a hole
  Duplicate,
  TooOld,     // outside what is remembered, or the first packet after a jump
  Restarted,  // the second packet after a jump: the stream counts from here on
};

// Sequence numbers, loss and jitter of one received stream, RFC 3550 appendices A.1, A.3 and A.8,
// with a memory of the last 2048 numbers that tells duplicates from late packets.
// Not thread-safe.
class ReceiveStatistics {
 public:
  struct Place {
    Arrival arrival;
    int64_t sequence;  // extended
  };

  // `retransmitted`: by RFC 4588, so that it says nothing of jitter and does not undo the loss.
  Place on_packet(uint16_t sequence_number, uint32_t timestamp, uint32_t clock_rate,
                  bool retransmitted, Timestamp now);

  // For the next receiver report: fraction_lost is counted from the last call.
  // The caller fills in the SSRC and the sender report's part.
  ReportBlock report();

  bool started() const { return unwrapper_.started(); }
  int64_t cumulative_lost() const { return started() ? expected() - received_ : 0; }
  uint8_t fraction_lost() const { return fraction_lost_; }
  Duration jitter() const;

 private:
  static constexpr int64_t kWindow = 2048;
  static constexpr int64_t kMaxDropout = 3000;

  int64_t expected() const { return highest_ - base_ + 1; }
  bool test(int64_t sequence) const;
  void set(int64_t sequence, bool value);
  void start(uint16_t sequence_number);
  Place handle_jump(uint16_t sequence_number, int64_t sequence, bool retransmitted);
  void update_jitter(uint32_t timestamp, uint32_t clock_rate, Timestamp now);

  SequenceUnwrapper unwrapper_;
  std::array<uint64_t, kWindow / 64> window_{};
  int64_t base_ = 0;
  int64_t highest_ = 0;
  int64_t received_ = 0;
  int64_t expected_prior_ = 0;
  int64_t received_prior_ = 0;
  int32_t expected_after_jump_ = -1;  // a sequence number
  uint8_t fraction_lost_ = 0;

  uint32_t clock_rate_ = 0;
  bool has_transit_ = false;
  uint32_t transit_ = 0;
  uint32_t jitter_x16_ = 0;
};

}  // namespace gstlk::rtp
