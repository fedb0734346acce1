// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"

namespace gstlk::rtp {

inline constexpr size_t kMaxRedundantBlocks = 8;

struct RedBlock {
  uint8_t payload_type = 0;
  uint16_t timestamp_offset = 0;  // how much older than the packet; 0: the primary block
  ByteView data;
};

// The payload of RFC 2198, taken apart. Blocks borrow the payload.
struct RedPayload {
  RedBlock primary;
  uint8_t redundant_count = 0;
  std::array<RedBlock, kMaxRedundantBlocks> redundant;  // oldest first, as on the wire

  std::span<const RedBlock> redundant_blocks() const {
    return std::span(redundant).first(redundant_count);
  }
};

// nullopt: malformed, or more blocks than anybody sends.
std::optional<RedPayload> parse_red(ByteView payload);

// An Opus packet that was inside a RED packet.
struct UnwrappedAudio {
  uint16_t sequence = 0;
  uint32_t timestamp = 0;
  bool recovered = false;  // from redundancy: the packet with this number has not been seen
  ByteView payload;
};

// Turns the RED packets of one stream into plain ones for a subscriber without RED: the primary
// block goes on under the packet's own number, and a number just before it that is missing is
// restored from redundancy. Assumes what LiveKit's clients do, one block per packet: the block
// before the primary one is the packet before. No number is given out twice, because what is sent
// under it is encrypted with a keystream that belongs to the number. Not thread-safe.
class RedUnwrapper {
 public:
  static constexpr size_t kMaxRecovered = 2;
  struct Output {
    uint8_t count = 0;
    std::array<UnwrappedAudio, kMaxRecovered + 1> packets;  // in sequence order
    std::span<const UnwrappedAudio> list() const { return std::span(packets).first(count); }
  };

  // Empty: malformed, or everything in it was given out before. The result borrows `payload`.
  Output handle(uint16_t sequence, uint32_t timestamp, ByteView payload);
  // A packet of the stream that is plain already: whether its number is still free. Any is before
  // the first RED packet.
  bool admit(uint16_t sequence) { return !started_ || mark(sequence, false); }
  // Whether `sequence`, one of the last 64, was given out from redundancy. A packet that came late
  // under that number may be another one and is not for sending again.
  bool was_recovered(uint16_t sequence) const {
    return (recovered_ >> sequence % kRemembered & 1) != 0;
  }

 private:
  static constexpr unsigned kRemembered = 64;

  bool is_missing(uint16_t sequence) const;
  bool mark(uint16_t sequence, bool recovered);
  bool mark_seen(uint16_t sequence);

  bool started_ = false;
  uint16_t newest_ = 0;
  uint8_t seen_ = 0;        // bit i: newest_ - i was given out
  uint64_t recovered_ = 0;  // bit i: the last number given out that is i modulo kRemembered
};

}  // namespace gstlk::rtp
