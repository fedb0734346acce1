// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "forward/received_packet.h"
#include "forward/sequence_map.h"

namespace gstlk::forward {

// Makes sequence numbers and timestamps of what is sent continuous, whichever encoding it comes
// from.
//
// Timestamps: within an encoding they are those of the source plus an offset that does not change.
// At a switch the encodings' common time line (EncodingClock) gives the new offset; after a pause
// the wall clock is a second opinion, for publishers whose clock stood still meanwhile.
// Not thread-safe.
class RtpRewriter {
 public:
  struct Numbers {
    uint16_t sequence = 0;
    uint32_t timestamp = 0;
  };

  // `first_at`: when `first_timestamp` would be sent; nullopt: whenever the first is.
  RtpRewriter(uint32_t clock_rate, size_t window, uint16_t first_sequence, uint32_t first_timestamp,
              std::optional<Timestamp> first_at = std::nullopt)
      : map_(window, first_sequence),
        clock_rate_(clock_rate),
        last_timestamp_(first_timestamp),
        last_time_(first_at.value_or(Timestamp{})),
        timed_(first_at.has_value()) {}

  // Whether time would go on without going back noticeably if `packet` came next, from another
  // encoding than the last.
  bool fits_after_last(const ReceivedPacket& packet, const EncodingClock& clock) const;

  // `packet` begins another encoding, or the same one anew. The next call is forward() with it.
  void switch_to(const ReceivedPacket& packet, const EncodingClock& clock, Timestamp now);
  // As switch_to(), when nothing was sent for a while although the source may have gone on.
  // `source_was_silent`: it has not, as far as anybody knows.
  void resume(const ReceivedPacket& packet, const EncodingClock& clock, bool source_was_silent,
              Timestamp now);

  SequenceMap::Place place(const ReceivedPacket& packet) const {
    return map_.place(packet.sequence);
  }
  // The packet is Ahead.
  Numbers forward(const ReceivedPacket& packet, const EncodingClock& clock, Timestamp now) {
    if (now - last_time_ > kSilence) realign(packet, clock, true, now);
    last_timestamp_ = to_out(packet.timestamp);
    last_time_ = now;
    return {map_.forward(packet.sequence), last_timestamp_};
  }
  // The packet is Ahead.
  void drop(const ReceivedPacket& packet) { map_.drop(packet.sequence); }
  // A packet of our own making, before the first of the source.
  Numbers fill(Timestamp now);
  // The packet fills a hole.
  Numbers forward_late(const ReceivedPacket& packet) {
    return {map_.fill(packet.sequence), to_out(packet.timestamp)};
  }

  void prefetch_next() const { map_.prefetch_next(); }
  uint32_t to_out(int64_t source_timestamp) const {
    return static_cast<uint32_t>(source_timestamp) + offset_;
  }
  bool has_gap_before(const ReceivedPacket& packet) const {
    return packet.sequence > map_.newest() + 1;
  }

 private:
  static constexpr Duration kSilence = 1s;

  uint32_t expected_timestamp(Timestamp now) const;
  void use_timestamp(const ReceivedPacket& packet, const EncodingClock& clock, uint32_t timestamp,
                     bool rebase);
  void realign(const ReceivedPacket& packet, const EncodingClock& clock, bool source_was_silent,
               Timestamp now);
  uint32_t by_common_time(const ReceivedPacket& packet, const EncodingClock& clock) const;
  bool start(const ReceivedPacket& packet, const EncodingClock& clock, Timestamp now);
  int32_t ticks(Duration duration) const {
    return static_cast<int32_t>(duration.count() * clock_rate_ / 1'000'000);
  }

  SequenceMap map_;
  uint32_t clock_rate_;
  uint32_t offset_ = 0;         // added to a source timestamp gives ours
  uint32_t common_offset_ = 0;  // added to the common time line gives ours
  uint32_t last_timestamp_;     // the newest sent; before that, the first to send
  Timestamp last_time_{};       // when it was sent
  bool started_ = false;
  bool timed_ = false;  // last_timestamp_ is of last_time_ already
};

}  // namespace gstlk::forward
