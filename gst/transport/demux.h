// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace gstlk::transport {

enum class PacketKind : uint8_t { Unknown, Stun, Dtls, Rtp, Rtcp };

// What a datagram is, by its first byte (RFC 7983 section 7) and, for RTP against RTCP, by its
// second (RFC 5761 section 4). ZRTP, TURN channels and QUIC are Unknown: nothing here speaks them.
// Says nothing about whether the rest is well-formed.
//
//                 +----------------+
//                 |        [0..3] -+--> STUN
//                 |      [16..19] -+--> ZRTP
//     packet -->  |      [20..63] -+--> DTLS
//                 |      [64..79] -+--> TURN Channel
//                 |    [128..191] -+--> RTP/RTCP
//                 +----------------+
inline PacketKind classify(ByteView datagram) {
  if (datagram.size() < 2) return PacketKind::Unknown;
  const uint8_t first = datagram[0];
  if (first < 4) return PacketKind::Stun;
  if (first >= 20 && first <= 63) return PacketKind::Dtls;
  if (first < 128 || first > 191) return PacketKind::Unknown;
  // Payload types 64-95 are not used for RTP where both share a port, so that RTCP's 192-223 is
  // free.
  return datagram[1] >= 192 && datagram[1] <= 223 ? PacketKind::Rtcp : PacketKind::Rtp;
}

}  // namespace gstlk::transport
