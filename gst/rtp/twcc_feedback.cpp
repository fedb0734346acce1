// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/twcc_feedback.h"

#include <algorithm>

namespace gstlk::rtp {
namespace {

enum Symbol : uint8_t { kNotReceived = 0, kSmallDelta = 1, kLargeDelta = 2 };

// How many statuses a chunk has room for, and the symbol at a place in it.
//    0                   1                     0                   1
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5           0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+         +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |0| S |       Run Length        |         |1|S|       symbol list         |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+         +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// The list has 14 symbols of one bit when S is clear, else 7 of two.
uint16_t chunk_capacity(uint16_t chunk) {
  if ((chunk & 0x8000) == 0) return chunk & 0x1fff;
  return (chunk & 0x4000) == 0 ? 14 : 7;
}

uint8_t chunk_symbol(uint16_t chunk, uint16_t index) {
  if ((chunk & 0x8000) == 0) return (chunk >> 13) & 3;
  if ((chunk & 0x4000) == 0) return (chunk >> (13 - index)) & 1;
  return (chunk >> (12 - 2 * index)) & 3;
}

}  // namespace

//   |      base sequence number     |      packet status count      |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                 reference time                | fb pkt. count |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |          packet chunk         |         packet chunk          |
//   .                                                               .
//   |         packet chunk          |  recv delta   |  recv delta   |
std::optional<TwccFeedback> TwccFeedback::parse(ByteView fci) {
  ByteReader reader(fci);
  TwccFeedback feedback;
  feedback.base_sequence_ = reader.u16();
  feedback.status_count_ = reader.u16();
  feedback.reference_time_ = reader.u24();
  feedback.feedback_count_ = reader.u8();
  feedback.arrival_ = feedback.reference_time_ * Duration(64ms);
  if (!reader.ok() || feedback.status_count_ == 0) return std::nullopt;

  const size_t chunks_begin = reader.position();
  size_t delta_bytes = 0;
  for (uint32_t counted = 0; counted < feedback.status_count_;) {
    const uint16_t chunk = reader.u16();
    const uint16_t here = static_cast<uint16_t>(
        std::min<uint32_t>(chunk_capacity(chunk), feedback.status_count_ - counted));
    if (!reader.ok() || here == 0) return std::nullopt;
    if ((chunk & 0x8000) == 0) {
      delta_bytes += size_t{here} * (chunk_symbol(chunk, 0) % 3);
    } else {
      for (uint16_t i = 0; i < here; ++i) delta_bytes += chunk_symbol(chunk, i) % 3;
    }
    counted += here;
  }
  feedback.chunks_ = fci.subspan(chunks_begin, reader.position() - chunks_begin);
  feedback.deltas_ = reader.bytes(delta_bytes);
  if (!reader.ok()) return std::nullopt;
  return feedback;
}

uint8_t TwccFeedback::next_symbol() {
  if (left_in_chunk_ == 0) {
    chunk_ = load_u16(&chunks_[chunk_position_]);
    chunk_position_ += 2;
    left_in_chunk_ = chunk_capacity(chunk_);
  }
  return chunk_symbol(chunk_, static_cast<uint16_t>(chunk_capacity(chunk_) - left_in_chunk_--));
}

std::optional<TwccStatus> TwccFeedback::next() {
  if (status_position_ == status_count_) return std::nullopt;
  TwccStatus status{.sequence = static_cast<uint16_t>(base_sequence_ + status_position_++)};
  const uint8_t symbol = next_symbol();
  if (symbol == kSmallDelta) {
    arrival_ += deltas_[delta_position_] * 250us;
    delta_position_ += 1;
  } else if (symbol == kLargeDelta) {
    arrival_ += static_cast<int16_t>(load_u16(&deltas_[delta_position_])) * 250us;
    delta_position_ += 2;
  }
  // The fourth symbol is reserved and has no delta: nothing is known of that packet.
  status.received = symbol == kSmallDelta || symbol == kLargeDelta;
  status.arrival = arrival_;
  return status;
}

}  // namespace gstlk::rtp
