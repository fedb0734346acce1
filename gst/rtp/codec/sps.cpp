// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/codec/sps.h"

#include <algorithm>
#include <array>
#include <span>

#include "rtp/codec/bit_reader.h"

namespace gstlk::rtp {

namespace {

// What comes before the cropping is never longer, scaling lists included in all but contrived sets.
constexpr size_t kMaxSps = 256;

// Takes out emulation prevention bytes: 00 00 03 stands for 00 00. Gives the written size.
size_t unescape(ByteView nal, std::span<uint8_t> out) {
  size_t size = 0;
  int zeros = 0;
  for (uint8_t byte : nal) {
    if (size == out.size()) break;
    const bool escape = zeros >= 2 && byte == 3;
    zeros = byte == 0 ? zeros + 1 : 0;
    if (!escape) out[size++] = byte;
  }
  return size;
}

void skip_scaling_list(BitReader& bits, int size) {
  int last = 8;
  for (int i = 0; i < size && last != 0 && bits.ok(); ++i)
    last = (last + bits.signed_exp_golomb()) & 0xff;
}

bool has_chroma_format(uint32_t profile) {
  constexpr std::array kProfiles{100u, 110u, 122u, 244u, 44u,  83u, 86u,
                                 118u, 128u, 138u, 139u, 134u, 135u};
  return std::ranges::find(kProfiles, profile) != kProfiles.end();
}

// Gives chroma_format_idc.
uint32_t skip_high_profile_part(BitReader& bits) {
  const uint32_t chroma_format = bits.exp_golomb();
  if (chroma_format == 3) bits.skip(1);
  bits.exp_golomb();  // bit_depth_luma_minus8
  bits.exp_golomb();  // bit_depth_chroma_minus8
  bits.skip(1);
  if (bits.flag()) {
    const int lists = chroma_format == 3 ? 12 : 8;
    for (int i = 0; i < lists; ++i)
      if (bits.flag()) skip_scaling_list(bits, i < 6 ? 16 : 64);
  }
  return chroma_format;
}

void skip_picture_order(BitReader& bits) {
  const uint32_t type = bits.exp_golomb();
  if (type == 0) {
    bits.exp_golomb();
  } else if (type == 1) {
    bits.skip(1);
    bits.exp_golomb();
    bits.exp_golomb();
    const uint32_t cycle = bits.exp_golomb();
    for (uint32_t i = 0; i < cycle && bits.ok(); ++i) bits.exp_golomb();
  }
}

}  // namespace

std::optional<PictureSize> h264_picture_size(ByteView nal) {
  std::array<uint8_t, kMaxSps> plain;
  BitReader bits(ByteView(plain).first(unescape(nal, plain)));
  bits.skip(8);
  const uint32_t profile = bits.bits(8);
  bits.skip(16);
  bits.exp_golomb();  // seq_parameter_set_id
  const uint32_t chroma_format = has_chroma_format(profile) ? skip_high_profile_part(bits) : 1;
  bits.exp_golomb();  // log2_max_frame_num_minus4
  skip_picture_order(bits);
  bits.exp_golomb();  // max_num_ref_frames
  bits.skip(1);
  const uint64_t width_blocks = uint64_t{bits.exp_golomb()} + 1;
  const uint64_t height_units = uint64_t{bits.exp_golomb()} + 1;
  const bool frames_only = bits.flag();
  if (!frames_only) bits.skip(1);
  bits.skip(1);
  const uint64_t field_factor = frames_only ? 1 : 2;
  uint64_t width = width_blocks * 16;
  uint64_t height = height_units * 16 * field_factor;
  if (bits.flag()) {
    const uint64_t unit_x = chroma_format == 1 || chroma_format == 2 ? 2 : 1;
    const uint64_t unit_y = (chroma_format == 1 ? 2 : 1) * field_factor;
    const uint64_t crop_x = unit_x * (uint64_t{bits.exp_golomb()} + bits.exp_golomb());
    const uint64_t crop_y = unit_y * (uint64_t{bits.exp_golomb()} + bits.exp_golomb());
    if (crop_x >= width || crop_y >= height) return std::nullopt;
    width -= crop_x;
    height -= crop_y;
  }
  if (!bits.ok() || width > UINT16_MAX || height > UINT16_MAX) return std::nullopt;
  return PictureSize{static_cast<uint16_t>(width), static_cast<uint16_t>(height)};
}

}  // namespace gstlk::rtp
