// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/bytes.h"
#include "rtp/codec/payload_parser.h"

namespace gstlk::rtp {

namespace {

// RFC 7741 section 4.2:
//
//       0 1 2 3 4 5 6 7                      0 1 2 3 4 5 6 7
//      +-+-+-+-+-+-+-+-+                   +-+-+-+-+-+-+-+-+
//      |X|R|N|S|R| PID | (REQUIRED)        |X|R|N|S|R| PID | (REQUIRED)
//      +-+-+-+-+-+-+-+-+                   +-+-+-+-+-+-+-+-+
// X:   |I|L|T|K| RSV   | (OPTIONAL)   X:   |I|L|T|K| RSV   | (OPTIONAL)
//      +-+-+-+-+-+-+-+-+                   +-+-+-+-+-+-+-+-+
// I:   |M| PictureID   | (OPTIONAL)   I:   |M| PictureID   | (OPTIONAL)
//      +-+-+-+-+-+-+-+-+                   +-+-+-+-+-+-+-+-+
// L:   |   TL0PICIDX   | (OPTIONAL)        |   PictureID   |
//      +-+-+-+-+-+-+-+-+                   +-+-+-+-+-+-+-+-+
// T/K: |TID|Y| KEYIDX  | (OPTIONAL)   L:   |   TL0PICIDX   | (OPTIONAL)
//      +-+-+-+-+-+-+-+-+                   +-+-+-+-+-+-+-+-+
//                                     T/K: |TID|Y| KEYIDX  | (OPTIONAL)
//                                          +-+-+-+-+-+-+-+-+
Vp8Descriptor read_descriptor(ByteReader& reader) {
  Vp8Descriptor vp8;
  const uint8_t first = reader.u8();
  vp8.non_reference = first & 0x20;
  vp8.start_of_partition = first & 0x10;
  vp8.partition_index = first & 0x07;
  if (first & 0x80) {
    const uint8_t extension = reader.u8();
    vp8.has_picture_id = extension & 0x80;
    vp8.has_tl0_picture_index = extension & 0x40;
    vp8.has_temporal_index = extension & 0x20;
    vp8.has_key_index = extension & 0x10;
  }
  if (vp8.has_picture_id) {
    const uint8_t high = reader.u8();
    vp8.picture_id_is_15_bit = high & 0x80;
    vp8.picture_id = high & 0x7f;
    if (vp8.picture_id_is_15_bit)
      vp8.picture_id = static_cast<uint16_t>(vp8.picture_id << 8 | reader.u8());
  }
  if (vp8.has_tl0_picture_index) vp8.tl0_picture_index = reader.u8();
  if (vp8.has_temporal_index || vp8.has_key_index) {
    const uint8_t indices = reader.u8();
    // "If the T bit is set to 0 but the K bit is set to 1, TID and Y are present but MUST be
    // ignored", and the other way round.
    if (vp8.has_temporal_index) {
      vp8.temporal_index = indices >> 6;
      vp8.layer_sync = indices & 0x20;
    }
    if (vp8.has_key_index) vp8.key_index = indices & 0x1f;
  }
  vp8.size = static_cast<uint8_t>(reader.position());
  return vp8;
}

// RFC 6386 section 9.1: three bytes of frame tag, then, of a keyframe, a start code and the size,
// both little-endian.
void read_keyframe_size(ByteReader& reader, PayloadDescriptor& descriptor) {
  reader.skip(3);
  const uint32_t start_code = reader.u24();
  const uint16_t width = reader.u16();
  const uint16_t height = reader.u16();
  if (!reader.ok() || start_code != 0x9d012a) return;
  descriptor.width = static_cast<uint16_t>((width >> 8 | width << 8) & 0x3fff);
  descriptor.height = static_cast<uint16_t>((height >> 8 | height << 8) & 0x3fff);
}

}  // namespace

std::optional<PayloadDescriptor> parse_vp8(ByteView payload, bool marker) {
  ByteReader reader(payload);
  PayloadDescriptor descriptor;
  descriptor.codec = Codec::Vp8;
  descriptor.vp8 = read_descriptor(reader);
  if (!reader.ok() || reader.remaining() == 0) return std::nullopt;
  const Vp8Descriptor& vp8 = descriptor.vp8;
  descriptor.start_of_frame = vp8.start_of_partition && vp8.partition_index == 0;
  descriptor.end_of_frame = marker;
  descriptor.temporal = vp8.temporal_index;
  // P, the inverse key frame flag, is the lowest bit of the frame tag.
  descriptor.keyframe = descriptor.start_of_frame && (reader.rest()[0] & 1) == 0;
  descriptor.switching_point = descriptor.keyframe || vp8.layer_sync;
  if (descriptor.keyframe) read_keyframe_size(reader, descriptor);
  return descriptor;
}

size_t write_vp8_descriptor(const Vp8Descriptor& vp8, uint8_t* out) {
  const bool has_indices = vp8.has_temporal_index || vp8.has_key_index;
  const bool extended = vp8.has_picture_id || vp8.has_tl0_picture_index || has_indices;
  size_t size = 0;
  out[size++] = static_cast<uint8_t>(extended << 7 | vp8.non_reference << 5 |
                                     vp8.start_of_partition << 4 | vp8.partition_index);
  if (!extended) return size;
  out[size++] = static_cast<uint8_t>(vp8.has_picture_id << 7 | vp8.has_tl0_picture_index << 6 |
                                     vp8.has_temporal_index << 5 | vp8.has_key_index << 4);
  if (vp8.has_picture_id) {
    if (vp8.picture_id_is_15_bit || vp8.picture_id > 127)
      out[size++] = static_cast<uint8_t>(0x80 | vp8.picture_id >> 8);
    out[size++] = static_cast<uint8_t>(vp8.picture_id);
  }
  if (vp8.has_tl0_picture_index) out[size++] = vp8.tl0_picture_index;
  if (has_indices)
    out[size++] =
        static_cast<uint8_t>(vp8.temporal_index << 6 | vp8.layer_sync << 5 | vp8.key_index);
  return size;
}

}  // namespace gstlk::rtp
