// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/codec/payload_parser.h"

namespace gstlk::rtp {

// AV1 RTP specification section 4.4, the aggregation header:
//
//    0 1 2 3 4 5 6 7
//   +-+-+-+-+-+-+-+-+
//   |Z|Y| W |N|-|-|-|
//   +-+-+-+-+-+-+-+-+
//
// N: "MUST be set to 1 if the packet is the first packet of a coded video sequence". Z: the first
// OBU element continues one of the packet before, so no frame starts there. Sequence headers are
// not parsed: the picture size comes with the dependency descriptor.
std::optional<PayloadDescriptor> parse_av1(ByteView payload, bool marker) {
  if (payload.size() < 2) return std::nullopt;
  const bool continues = payload[0] & 0x80;
  const bool new_sequence = payload[0] & 0x08;
  if (continues && new_sequence) return std::nullopt;
  PayloadDescriptor descriptor;
  descriptor.codec = Codec::Av1;
  descriptor.keyframe = new_sequence;
  descriptor.start_of_frame = !continues;
  descriptor.end_of_frame = marker;
  descriptor.switching_point = new_sequence;
  return descriptor;
}

}  // namespace gstlk::rtp
