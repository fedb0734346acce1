// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/bytes.h"
#include "rtp/codec/payload_parser.h"
#include "rtp/codec/sps.h"

namespace gstlk::rtp {

namespace {

// ITU-T H.264 table 7-1, and RFC 6184 table 1 from 24 on.
enum NalType : uint8_t {
  kSlice = 1,
  kIdr = 5,
  kSei = 6,
  kSps = 7,
  kPps = 8,
  kDelimiter = 9,
  kStapA = 24,
  kFuA = 28,
};

// `body` is what follows the NAL unit header, as far as this packet has it.
void add_nal(PayloadDescriptor& descriptor, uint8_t type, ByteView body) {
  switch (type) {
    case kIdr:
      descriptor.keyframe = true;
      [[fallthrough]];
    case kSlice:
      // first_mb_in_slice, the first field, is zero when its first bit is set.
      if (!body.empty() && (body[0] & 0x80)) descriptor.start_of_frame = true;
      break;
    case kSps:
      descriptor.keyframe = descriptor.parameter_sets = true;
      descriptor.start_of_frame = true;
      break;
    case kSei:
    case kPps:
    case kDelimiter:
      descriptor.start_of_frame = true;
      break;
    default:
      break;
  }
}

void add_whole_nal(PayloadDescriptor& descriptor, ByteView nal) {
  const uint8_t type = nal[0] & 0x1f;
  add_nal(descriptor, type, nal.subspan(1));
  if (type != kSps) return;
  if (const auto size = h264_picture_size(nal)) {
    descriptor.width = size->width;
    descriptor.height = size->height;
  }
}

// RFC 6184 section 5.7.1: NAL units, each after its 16-bit size.
bool add_aggregate(PayloadDescriptor& descriptor, ByteReader reader) {
  while (reader.remaining() > 0) {
    const ByteView nal = reader.bytes(reader.u16());
    if (!reader.ok() || nal.empty()) return false;
    add_whole_nal(descriptor, nal);
  }
  return true;
}

}  // namespace

// RFC 6184 sections 5.6 (single NAL unit), 5.7.1 (STAP-A) and 5.8 (FU-A). A keyframe starts with an
// IDR slice or with the SPS in front of it. Nothing in H.264 says which packet is a frame's first,
// so start_of_frame goes by what can only be first: parameter sets, SEI, or a slice at macroblock
// 0.
std::optional<PayloadDescriptor> parse_h264(ByteView payload, bool marker) {
  if (payload.empty()) return std::nullopt;
  PayloadDescriptor descriptor;
  descriptor.codec = Codec::H264;
  descriptor.end_of_frame = marker;
  const uint8_t type = payload[0] & 0x1f;
  if (type == kStapA) {
    ByteReader reader(payload.subspan(1));
    if (reader.remaining() == 0 || !add_aggregate(descriptor, reader)) return std::nullopt;
  } else if (type == kFuA) {
    if (payload.size() < 3) return std::nullopt;
    const bool start = payload[1] & 0x80;
    if (start) add_nal(descriptor, payload[1] & 0x1f, payload.subspan(2));
  } else {
    add_whole_nal(descriptor, payload);
  }
  // A later slice of an IDR picture is no place to start.
  descriptor.keyframe = descriptor.keyframe && descriptor.start_of_frame;
  descriptor.switching_point = descriptor.keyframe;
  return descriptor;
}

}  // namespace gstlk::rtp
