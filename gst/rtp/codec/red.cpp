// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/codec/red.h"

#include <algorithm>

namespace gstlk::rtp {

namespace {

constexpr int kWindow = 8;  // sequence numbers that RedUnwrapper remembers

}  // namespace

// RFC 2198 section 3. Any number of these, then one header of the primary block, then the data of
// all blocks in the same order:
//
//    0                   1                    2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3  4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |F|   block PT  |  timestamp offset         |   block length    |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
//    0 1 2 3 4 5 6 7
//   +-+-+-+-+-+-+-+-+
//   |0|   Block PT  |
//   +-+-+-+-+-+-+-+-+
std::optional<RedPayload> parse_red(ByteView payload) {
  RedPayload red;
  std::array<uint16_t, kMaxRedundantBlocks> lengths{};
  ByteReader reader(payload);
  uint8_t first = reader.u8();
  while (first & 0x80) {
    if (red.redundant_count == kMaxRedundantBlocks) return std::nullopt;
    const uint32_t rest = reader.u24();
    lengths[red.redundant_count] = rest & 0x3ff;
    red.redundant[red.redundant_count++] = {
        static_cast<uint8_t>(first & 0x7f), static_cast<uint16_t>(rest >> 10), {}};
    first = reader.u8();
  }
  red.primary.payload_type = first & 0x7f;
  for (size_t i = 0; i < red.redundant_count; ++i) red.redundant[i].data = reader.bytes(lengths[i]);
  if (!reader.ok()) return std::nullopt;
  red.primary.data = reader.rest();
  return red;
}

bool RedUnwrapper::is_missing(uint16_t sequence) const {
  const auto age = static_cast<uint16_t>(newest_ - sequence);
  return started_ && age < kWindow && (seen_ >> age & 1) == 0;
}

// Whether `sequence` is new; it is not any more then.
bool RedUnwrapper::mark(uint16_t sequence, bool recovered) {
  if (!mark_seen(sequence)) return false;
  const uint64_t bit = uint64_t{1} << sequence % kRemembered;
  recovered_ = recovered ? recovered_ | bit : recovered_ & ~bit;
  return true;
}

bool RedUnwrapper::mark_seen(uint16_t sequence) {
  const auto ahead = static_cast<int16_t>(sequence - newest_);
  if (!started_ || ahead >= kWindow || ahead < -1000) {
    seen_ = started_ ? 1 : 0xff;  // there was nothing to miss before the first packet
    started_ = true;
    newest_ = sequence;
    return true;
  }
  if (ahead > 0) {
    seen_ = static_cast<uint8_t>(seen_ << ahead | 1);
    newest_ = sequence;
    return true;
  }
  if (!is_missing(sequence)) return false;
  seen_ = static_cast<uint8_t>(seen_ | 1 << -ahead);
  return true;
}

RedUnwrapper::Output RedUnwrapper::handle(uint16_t sequence, uint32_t timestamp, ByteView payload) {
  Output out;
  const auto red = parse_red(payload);
  if (!red || !mark(sequence, false)) return out;
  const auto blocks = red->redundant_blocks();
  const size_t usable = std::min(blocks.size(), kMaxRecovered);
  for (size_t distance = usable; distance > 0; --distance) {
    const RedBlock& block = blocks[blocks.size() - distance];
    const auto missing = static_cast<uint16_t>(sequence - distance);
    if (block.data.empty() || !is_missing(missing)) continue;
    mark(missing, true);
    out.packets[out.count++] = {missing, timestamp - block.timestamp_offset, true, block.data};
  }
  if (!red->primary.data.empty())
    out.packets[out.count++] = {sequence, timestamp, false, red->primary.data};
  return out;
}

}  // namespace gstlk::rtp
