// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/retransmission.h"

#include <algorithm>

namespace gstlk::rtp {
namespace {

// The second byte's marker stays.
void write_identity(std::span<uint8_t> packet, PayloadType type, uint16_t sequence, Ssrc ssrc) {
  packet[1] = static_cast<uint8_t>((packet[1] & 0x80) | (type.value & 0x7f));
  store_u16(&packet[2], sequence);
  store_u32(&packet[8], ssrc.value);
}

}  // namespace

//   |                         RTP Header                            |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |            OSN                |                               |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               |
//   |                  Original RTP Packet Payload                  |
// RFC 4588 section 4.
std::optional<std::span<uint8_t>> restore_rtx(std::span<uint8_t> packet, const PacketView& view,
                                              PayloadType original_type, Ssrc original_ssrc) {
  if (view.payload_size() <= kRtxOverhead) return std::nullopt;
  const size_t header = view.header_size();
  const uint16_t original_sequence = load_u16(&packet[header]);
  const auto begin = packet.begin();
  std::copy_backward(begin, begin + static_cast<std::ptrdiff_t>(header),
                     begin + static_cast<std::ptrdiff_t>(header + kRtxOverhead));
  const std::span<uint8_t> original = packet.subspan(kRtxOverhead);
  write_identity(original, original_type, original_sequence, original_ssrc);
  return original;
}

size_t write_rtx(const PacketView& original, PayloadType rtx_type, Ssrc rtx_ssrc,
                 uint16_t rtx_sequence, std::span<uint8_t> out) {
  const ByteView header = original.header();
  const ByteView payload = original.payload();
  const size_t size = header.size() + kRtxOverhead + payload.size();
  if (size > out.size()) return 0;
  std::copy(header.begin(), header.end(), out.begin());
  out[0] = static_cast<uint8_t>(out[0] & ~0x20);
  write_identity(out, rtx_type, rtx_sequence, rtx_ssrc);
  store_u16(&out[header.size()], original.sequence_number());
  std::copy(payload.begin(), payload.end(), out.subspan(header.size() + kRtxOverhead).begin());
  return size;
}

}  // namespace gstlk::rtp
