// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "rtp/sequence_unwrapper.h"

namespace gstlk::rtp {

// Notes when packets with transport-wide sequence numbers arrive and builds the feedback that lets
// their sender estimate the path: every 50 ms while packets come, every 25 ms in the first 3 s, so
// that it ramps up soon. draft-holmer-rmcat-transport-wide-cc-extensions-01.
//
// A packet that comes late, after its absence was reported, is reported again together with what is
// known of those behind it; what was half a second ago is forgotten.
// Driven by ReceiveSession. Not thread-safe.
class TwccReceiver {
 public:
  void on_packet(uint16_t transport_sequence, Timestamp now);

  // Builds one feedback's FCI of at most about 1100 bytes if it is due; call until false.
  bool poll(Timestamp now, Bytes& fci);
  std::optional<Timestamp> next_timeout() const;

 private:
  struct Arrival {
    int64_t sequence;
    Timestamp at;
  };

  void restart(uint16_t transport_sequence);
  void insert(int64_t sequence, Timestamp now);
  void forget(Timestamp now);
  // Chooses how many of the arrivals from `first` on go into one feedback.
  size_t collect_symbols(size_t first, int64_t reference);
  void write(size_t first, size_t last, int64_t reference, Bytes& fci);

  SequenceUnwrapper unwrapper_;
  std::vector<Arrival> arrivals_;  // ascending by sequence
  std::vector<uint8_t> symbols_;   // scratch: one per sequence number from next_ on
  int64_t next_ = 0;               // first sequence that the next feedback speaks of
  int64_t known_from_ = 0;         // what came before was forgotten
  bool unreported_ = false;        // an arrival at or behind next_
  std::optional<Timestamp> started_;
  Timestamp due_;
  uint8_t feedback_count_ = 0;
};

}  // namespace gstlk::rtp
