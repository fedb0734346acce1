// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/time.h"

namespace gstlk::rtp {

struct TwccStatus {
  uint16_t sequence = 0;
  bool received = false;
  Duration arrival{};  // when received: on the receiver's clock, counted from zero of its 24 bits
};

// Reads one transport-wide feedback: which of a run of packets arrived, and when.
// draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1. Borrows the bytes; iterate a
// copy.
class TwccFeedback {
 public:
  // `fci` is what follows the two SSRCs. nullopt unless chunks and deltas are all there.
  static std::optional<TwccFeedback> parse(ByteView fci);

  uint16_t base_sequence() const { return base_sequence_; }
  uint16_t status_count() const { return status_count_; }
  uint8_t feedback_count() const { return feedback_count_; }
  // 24 bits, in units of 64 ms; wraps after 12.4 days.
  uint32_t reference_time() const { return reference_time_; }

  // The next status, in the order of sequence numbers; nullopt at the end.
  std::optional<TwccStatus> next();

 private:
  uint8_t next_symbol();

  ByteView chunks_;
  ByteView deltas_;
  size_t chunk_position_ = 0;
  size_t delta_position_ = 0;
  uint16_t base_sequence_ = 0;
  uint16_t status_count_ = 0;
  uint16_t status_position_ = 0;
  uint16_t chunk_ = 0;
  uint16_t left_in_chunk_ = 0;
  uint8_t feedback_count_ = 0;
  uint32_t reference_time_ = 0;
  Duration arrival_{};
};

}  // namespace gstlk::rtp
