// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "base/bytes.h"
#include "rtp/codec/payload_parser.h"

namespace gstlk::rtp {

namespace {

constexpr int kMaxReferences = 3;  // P_DIFFs of one picture in flexible mode

void read_picture_id(ByteReader& reader, Vp9Descriptor& vp9) {
  const uint8_t high = reader.u8();
  vp9.picture_id_is_15_bit = high & 0x80;
  vp9.picture_id = high & 0x7f;
  if (vp9.picture_id_is_15_bit)
    vp9.picture_id = static_cast<uint16_t>(vp9.picture_id << 8 | reader.u8());
}

void read_layer_indices(ByteReader& reader, Vp9Descriptor& vp9) {
  const uint8_t indices = reader.u8();
  vp9.temporal_index = indices >> 5;
  vp9.switching_up_point = indices & 0x10;
  vp9.spatial_index = indices >> 1 & 7;
  vp9.inter_layer_dependency = indices & 1;
  if (!vp9.flexible_mode) vp9.tl0_picture_index = reader.u8();
}

// Each reference is |P_DIFF: 7|N|, and N says that another one follows.
bool skip_references(ByteReader& reader) {
  for (int i = 0; i < kMaxReferences; ++i)
    if ((reader.u8() & 1) == 0) return true;
  return false;
}

// RFC 9628 section 4.2.1, the scalability structure:
//
//      +-+-+-+-+-+-+-+-+
// V:   | N_S |Y|G|-|-|-|
//      +-+-+-+-+-+-+-+-+              -+
// Y:   |     WIDTH     | (OPTIONAL)    .
//      +               +               .
//      |               | (OPTIONAL)    .
//      +-+-+-+-+-+-+-+-+               . - N_S + 1 times
//      |     HEIGHT    | (OPTIONAL)    .
//      +               +               .
//      |               | (OPTIONAL)    .
//      +-+-+-+-+-+-+-+-+              -+
// G:   |      N_G      | (OPTIONAL)
//      +-+-+-+-+-+-+-+-+                            -+
// N_G: |  TID  |U| R |-|-| (OPTIONAL)                .
//      +-+-+-+-+-+-+-+-+              -\            . - N_G times
//      |    P_DIFF     | (OPTIONAL)    . - R times  .
//      +-+-+-+-+-+-+-+-+              -/            -+
void read_scalability_structure(ByteReader& reader, PayloadDescriptor& descriptor) {
  const uint8_t first = reader.u8();
  const uint8_t layers = static_cast<uint8_t>((first >> 5) + 1);
  descriptor.vp9.spatial_layers = layers;
  if (first & 0x10) {
    for (int i = 0; i < layers; ++i) {
      descriptor.width = std::max(descriptor.width, reader.u16());
      descriptor.height = std::max(descriptor.height, reader.u16());
    }
  }
  if (first & 0x08) {
    const uint8_t pictures = reader.u8();
    for (int i = 0; i < pictures && reader.ok(); ++i) reader.skip(reader.u8() >> 2 & 3);
  }
}

}  // namespace

// RFC 9628 section 4.2, flexible mode with F = 1:
//
//         0 1 2 3 4 5 6 7
//        +-+-+-+-+-+-+-+-+
//        |I|P|L|F|B|E|V|Z| (REQUIRED)
//        +-+-+-+-+-+-+-+-+
//   I:   |M| PICTURE ID  | (REQUIRED)
//        +-+-+-+-+-+-+-+-+
//   M:   | EXTENDED PID  | (RECOMMENDED)
//        +-+-+-+-+-+-+-+-+
//   L:   | TID |U| SID |D| (Conditionally RECOMMENDED)
//        +-+-+-+-+-+-+-+-+                             -+
//   P,F: | P_DIFF      |N| (Conditionally REQUIRED)    - up to 3 times
//        +-+-+-+-+-+-+-+-+                             -+
//   V:   | SS            |
//        | ..            |
//        +-+-+-+-+-+-+-+-+
//
// With F = 0 the byte TL0PICIDX follows the layer indices and there are no P_DIFFs.
std::optional<PayloadDescriptor> parse_vp9(ByteView payload, bool marker) {
  ByteReader reader(payload);
  PayloadDescriptor descriptor;
  descriptor.codec = Codec::Vp9;
  Vp9Descriptor& vp9 = descriptor.vp9;
  const uint8_t first = reader.u8();
  vp9.has_picture_id = first & 0x80;
  vp9.inter_picture_predicted = first & 0x40;
  vp9.has_layer_indices = first & 0x20;
  vp9.flexible_mode = first & 0x10;
  vp9.start_of_layer_frame = first & 0x08;
  vp9.end_of_layer_frame = first & 0x04;
  vp9.has_scalability_structure = first & 0x02;
  vp9.not_reference_for_upper = first & 0x01;
  if (vp9.has_picture_id) read_picture_id(reader, vp9);
  if (vp9.has_layer_indices) read_layer_indices(reader, vp9);
  if (vp9.flexible_mode && vp9.inter_picture_predicted && !skip_references(reader))
    return std::nullopt;
  if (vp9.has_scalability_structure) read_scalability_structure(reader, descriptor);
  if (!reader.ok() || reader.remaining() == 0 || reader.position() > UINT8_MAX) return std::nullopt;
  vp9.size = static_cast<uint8_t>(reader.position());

  descriptor.spatial = vp9.spatial_index;
  descriptor.temporal = vp9.temporal_index;
  descriptor.start_of_frame = vp9.start_of_layer_frame;
  descriptor.end_of_frame = vp9.end_of_layer_frame || marker;
  // A keyframe is not predicted from other pictures, nor, being the lowest layer, from this one.
  descriptor.keyframe = vp9.start_of_layer_frame && !vp9.inter_picture_predicted &&
                        !vp9.inter_layer_dependency && vp9.spatial_index == 0;
  descriptor.switching_point =
      vp9.start_of_layer_frame && (vp9.switching_up_point || !vp9.inter_picture_predicted);
  return descriptor;
}

}  // namespace gstlk::rtp
