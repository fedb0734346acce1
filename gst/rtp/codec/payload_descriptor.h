// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gstlk::rtp {

enum class Codec : uint8_t { Unknown, Opus, Red, Pcmu, Pcma, Vp8, Vp9, H264, H265, Av1, Rtx };

constexpr bool is_video(Codec codec) {
  return codec == Codec::Vp8 || codec == Codec::Vp9 || codec == Codec::H264 ||
         codec == Codec::H265 || codec == Codec::Av1;
}

// By the encoding name of SDP and RTP caps ("VP8", "opus"), in any case.
Codec codec_from_name(std::string_view encoding_name);
// The name as RTP caps write it: "VP8", "OPUS", "X-GST-AV1" is spelled "AV1".
std::string_view name_of(Codec codec);

// RFC 7741 section 4.2. `size` is the descriptor's length, the payload header not included.
struct Vp8Descriptor {
  uint8_t size = 0;
  bool has_picture_id = false;
  bool picture_id_is_15_bit = false;
  bool has_tl0_picture_index = false;
  bool has_temporal_index = false;
  bool has_key_index = false;
  bool non_reference = false;
  bool layer_sync = false;  // Y
  bool start_of_partition = false;
  uint8_t partition_index = 0;
  uint16_t picture_id = 0;
  uint8_t tl0_picture_index = 0;
  uint8_t temporal_index = 0;
  uint8_t key_index = 0;
};

// RFC 9628 section 4.2.
struct Vp9Descriptor {
  uint8_t size = 0;
  bool has_picture_id = false;
  bool picture_id_is_15_bit = false;
  bool inter_picture_predicted = false;    // P
  bool flexible_mode = false;              // F
  bool start_of_layer_frame = false;       // B
  bool end_of_layer_frame = false;         // E
  bool has_layer_indices = false;          // L
  bool has_scalability_structure = false;  // V
  bool not_reference_for_upper = false;    // Z
  bool switching_up_point = false;         // U
  bool inter_layer_dependency = false;     // D
  uint16_t picture_id = 0;
  uint8_t spatial_index = 0;
  uint8_t temporal_index = 0;
  uint8_t tl0_picture_index = 0;
  uint8_t spatial_layers = 0;  // of the scalability structure, 0 when it is absent
};

// What an SFU needs to know of one payload, whatever the codec. Filled once per received packet.
struct PayloadDescriptor {
  Codec codec = Codec::Unknown;
  bool keyframe = false;         // this packet belongs to, and starts, something decodable alone
  bool parameter_sets = false;   // has what the keyframe needs (H.264's SPS, H.265's VPS or SPS)
  bool start_of_frame = false;   // first packet of a frame (of a layer frame with SVC)
  bool end_of_frame = false;     // last packet of a frame (of a layer frame with SVC)
  bool switching_point = false;  // the temporal layer may be raised here
  uint8_t spatial = 0;
  uint8_t temporal = 0;
  uint16_t width = 0;  // of a keyframe that says so, else 0
  uint16_t height = 0;
  Vp8Descriptor vp8;  // when codec is Vp8
  Vp9Descriptor vp9;  // when codec is Vp9
};

}  // namespace gstlk::rtp
