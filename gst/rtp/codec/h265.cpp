// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/bytes.h"
#include "rtp/codec/payload_parser.h"

namespace gstlk::rtp {

namespace {

// ITU-T H.265 table 7-1, and RFC 7798 section 4.4 from 48 on.
constexpr uint8_t kFirstTemporalSwitch = 2;  // TSA and STSA pictures
constexpr uint8_t kLastTemporalSwitch = 5;
constexpr uint8_t kFirstIrap = 16;
constexpr uint8_t kLastIrap = 21;
constexpr uint8_t kFirstNonSlice = 32;
constexpr uint8_t kSps = 33;
constexpr uint8_t kVps = 32;
constexpr uint8_t kPrefixSei = 39;
constexpr uint8_t kAggregation = 48;
constexpr uint8_t kFragmentation = 49;

uint8_t nal_type(uint8_t first) { return first >> 1 & 0x3f; }

// `body` is what follows the two bytes of NAL unit header, as far as this packet has it.
void add_nal(PayloadDescriptor& descriptor, uint8_t type, ByteView body) {
  if (type < kFirstNonSlice) {
    // first_slice_segment_in_pic_flag
    const bool first_slice = !body.empty() && (body[0] & 0x80);
    if (first_slice) descriptor.start_of_frame = true;
    if (type >= kFirstTemporalSwitch && type <= kLastTemporalSwitch)
      descriptor.switching_point = true;
    if (first_slice && type >= kFirstIrap && type <= kLastIrap) descriptor.keyframe = true;
  } else if (type <= kPrefixSei) {
    descriptor.start_of_frame = true;
    if (type == kVps || type == kSps) descriptor.keyframe = descriptor.parameter_sets = true;
  }
}

// RFC 7798 section 4.4.2: NAL units, each after its 16-bit size.
bool add_aggregate(PayloadDescriptor& descriptor, ByteReader reader) {
  while (reader.remaining() > 0) {
    const ByteView nal = reader.bytes(reader.u16());
    if (!reader.ok() || nal.size() < 2) return false;
    add_nal(descriptor, nal_type(nal[0]), nal.subspan(2));
  }
  return true;
}

}  // namespace

// RFC 7798 section 4.4, without DONL fields (sprop-max-don-diff is zero in WebRTC). The temporal
// layer is TID of the NAL unit header, which every packet has.
std::optional<PayloadDescriptor> parse_h265(ByteView payload, bool marker) {
  if (payload.size() < 3 || (payload[1] & 7) == 0) return std::nullopt;
  PayloadDescriptor descriptor;
  descriptor.codec = Codec::H265;
  descriptor.end_of_frame = marker;
  descriptor.temporal = static_cast<uint8_t>((payload[1] & 7) - 1);
  const uint8_t type = nal_type(payload[0]);
  const ByteView body = payload.subspan(2);
  if (type == kAggregation) {
    if (!add_aggregate(descriptor, ByteReader(body))) return std::nullopt;
  } else if (type == kFragmentation) {
    const bool start = body[0] & 0x80;
    if (start) add_nal(descriptor, body[0] & 0x3f, body.subspan(1));
  } else {
    add_nal(descriptor, type, body);
  }
  if (descriptor.keyframe) descriptor.switching_point = true;
  return descriptor;
}

}  // namespace gstlk::rtp
