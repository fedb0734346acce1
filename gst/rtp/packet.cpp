// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/packet.h"

namespace gstlk::rtp {

//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |V=2|P|X|  CC   |M|     PT      |       sequence number         |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                           timestamp                           |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |           synchronization source (SSRC) identifier            |
//   +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
//   |            contributing source (CSRC) identifiers             |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// RFC 3550 section 5.1; the extension of section 5.3.1 follows.
std::optional<PacketView> PacketView::parse(ByteView bytes) {
  if (bytes.size() < kFixedHeaderSize || bytes.size() > kMaxPacketSize || bytes[0] >> 6 != 2) {
    return std::nullopt;
  }
  PacketView view;
  view.bytes_ = bytes;
  size_t header = kFixedHeaderSize + 4u * view.csrc_count();
  if (view.has_extension()) {
    if (bytes.size() < header + 4) return std::nullopt;
    view.extension_profile_ = load_u16(&bytes[header]);
    view.extension_size_ = 4u * load_u16(&bytes[header + 2]);
    header += 4 + view.extension_size_;
  }
  if (bytes.size() < header) return std::nullopt;
  view.header_size_ = static_cast<uint32_t>(header);

  if ((bytes[0] & 0x20) != 0) {
    // "The last octet of the padding contains a count of how many padding octets should be ignored,
    // including itself."
    const uint8_t padding = bytes.back();
    if (padding == 0 || padding > bytes.size() - header) return std::nullopt;
    view.padding_size_ = padding;
  }
  return view;
}

}  // namespace gstlk::rtp
