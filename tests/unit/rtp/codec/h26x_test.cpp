// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "rtp/codec/payload_parser.h"
#include "rtp/codec/sps.h"
#include "support/bit_string.h"

namespace gstlk::rtp {
namespace {

using test::BitString;

// Baseline profile, frames only, cropped at the bottom.
Bytes sps(uint32_t width_blocks, uint32_t height_blocks, uint32_t crop_bottom) {
  BitString bits;
  bits.bits(0x67, 8).bits(66, 8).bits(0xc0, 8).bits(31, 8);
  bits.exp_golomb(0).exp_golomb(0).exp_golomb(2).exp_golomb(1).bits(0, 1);
  bits.exp_golomb(width_blocks - 1).exp_golomb(height_blocks - 1).bits(1, 1).bits(1, 1);
  bits.bits(crop_bottom != 0, 1);
  if (crop_bottom != 0) bits.exp_golomb(0).exp_golomb(0).exp_golomb(0).exp_golomb(crop_bottom);
  return bits.bits(0, 1).bits(1, 1).bytes();
}

Bytes stap_a(std::initializer_list<Bytes> nals) {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(24);
  for (const Bytes& nal : nals) {
    writer.u16(static_cast<uint16_t>(nal.size()));
    writer.bytes(nal);
  }
  return out;
}

TEST(H264Payload, StartsAKeyframeWithAnIdrSlice) {
  const auto descriptor = parse_h264(Bytes{0x65, 0x88, 0x00}, true);
  ASSERT_TRUE(descriptor);
  EXPECT_TRUE(descriptor->keyframe);
  EXPECT_TRUE(descriptor->start_of_frame);
  EXPECT_TRUE(descriptor->end_of_frame);
}

TEST(H264Payload, DoesNotStartAKeyframeWithALaterSlice) {
  const auto descriptor = parse_h264(Bytes{0x65, 0x42, 0x00}, true);
  ASSERT_TRUE(descriptor);
  EXPECT_FALSE(descriptor->keyframe);
}

TEST(H264Payload, StartsAKeyframeWithAnAggregatedSpsAndKnowsItsSize) {
  const auto descriptor = parse_h264(stap_a({sps(80, 45, 0), {0x68, 0xce}}), false);
  ASSERT_TRUE(descriptor);
  EXPECT_TRUE(descriptor->keyframe);
  EXPECT_EQ(descriptor->width, 1280);
  EXPECT_EQ(descriptor->height, 720);
}

TEST(H264Payload, StartsAKeyframeWithTheFirstFragmentOnly) {
  EXPECT_TRUE(parse_h264(Bytes{0x7c, 0x85, 0x88, 0x00}, false)->keyframe);
  EXPECT_FALSE(parse_h264(Bytes{0x7c, 0x05, 0x88, 0x00}, false)->keyframe);
  EXPECT_FALSE(parse_h264(Bytes{0x7c, 0x45, 0x88, 0x00}, true)->start_of_frame);
}

TEST(H264Payload, IsAnOrdinaryFrameWithASlice) {
  const auto descriptor = parse_h264(Bytes{0x41, 0x9a, 0x00}, true);
  ASSERT_TRUE(descriptor);
  EXPECT_FALSE(descriptor->keyframe);
  EXPECT_TRUE(descriptor->start_of_frame);
}

TEST(H264Payload, RefusesAnAggregateWhoseSizesDoNotFit) {
  EXPECT_FALSE(parse_h264(Bytes{}, false));
  EXPECT_FALSE(parse_h264(Bytes{24}, false));
  EXPECT_FALSE(parse_h264(Bytes{24, 0, 5, 0x67, 1}, false));
  EXPECT_FALSE(parse_h264(Bytes{24, 0, 0}, false));
  EXPECT_FALSE(parse_h264(Bytes{0x7c, 0x85}, false));
}

TEST(H264PictureSize, AppliesTheCropping) {
  const auto size = h264_picture_size(sps(120, 68, 4));
  ASSERT_TRUE(size);
  EXPECT_EQ(size->width, 1920);
  EXPECT_EQ(size->height, 1080);
}

TEST(H264PictureSize, RefusesWhatIsCutOffOrImpossible) {
  const Bytes whole = sps(120, 68, 4);
  for (size_t size = 0; size + 1 < whole.size(); ++size)
    EXPECT_FALSE(h264_picture_size(ByteView(whole).first(size))) << size;
  EXPECT_FALSE(h264_picture_size(sps(120, 68, 600)));
  EXPECT_FALSE(h264_picture_size(sps(1u << 30, 1u << 30, 0)));
}

TEST(H265Payload, StartsAKeyframeWithAnIrapSliceOrParameterSets) {
  EXPECT_TRUE(parse_h265(Bytes{19 << 1, 1, 0x80}, true)->keyframe);
  EXPECT_TRUE(parse_h265(Bytes{33 << 1, 1, 0x01}, false)->keyframe);
  EXPECT_TRUE(
      parse_h265(Bytes{48 << 1, 1, 0, 3, 32 << 1, 1, 9, 0, 3, 33 << 1, 1, 9}, false)->keyframe);
  EXPECT_TRUE(parse_h265(Bytes{49 << 1, 1, 0x80 | 19, 0x80}, false)->keyframe);
  EXPECT_FALSE(parse_h265(Bytes{49 << 1, 1, 19, 0x80}, false)->keyframe);
  EXPECT_FALSE(parse_h265(Bytes{1 << 1, 1, 0x80}, true)->keyframe);
}

TEST(H265Payload, KnowsTheTemporalLayerAndWhereToGoUp) {
  const auto descriptor = parse_h265(Bytes{3 << 1, 3, 0x80}, true);
  ASSERT_TRUE(descriptor);
  EXPECT_EQ(descriptor->temporal, 2);
  EXPECT_TRUE(descriptor->switching_point);
  EXPECT_FALSE(parse_h265(Bytes{1 << 1, 3, 0x80}, true)->switching_point);
}

TEST(H265Payload, RefusesWhatIsMalformed) {
  EXPECT_FALSE(parse_h265(Bytes{2, 1}, true));
  EXPECT_FALSE(parse_h265(Bytes{2, 0, 0x80}, true));
  EXPECT_FALSE(parse_h265(Bytes{48 << 1, 1, 0, 9, 1}, true));
}

TEST(Av1Payload, StartsAKeyframeWithANewSequence) {
  EXPECT_TRUE(parse_av1(Bytes{0x18, 0x0a}, false)->keyframe);
  EXPECT_FALSE(parse_av1(Bytes{0x10, 0x32}, false)->keyframe);
  EXPECT_FALSE(parse_av1(Bytes{0x90, 0x32}, true)->start_of_frame);
}

TEST(Av1Payload, RefusesANewSequenceThatContinuesAnOldOne) {
  EXPECT_FALSE(parse_av1(Bytes{0x88, 0x0a}, false));
  EXPECT_FALSE(parse_av1(Bytes{0x10}, false));
}

TEST(CodecName, IsFoundInAnyCase) {
  EXPECT_EQ(codec_from_name("vp8"), Codec::Vp8);
  EXPECT_EQ(codec_from_name("H264"), Codec::H264);
  EXPECT_EQ(codec_from_name("opus"), Codec::Opus);
  EXPECT_EQ(codec_from_name("theora"), Codec::Unknown);
  EXPECT_EQ(name_of(Codec::Av1), "AV1");
}

TEST(AudioPayload, IsOneFrameDecodableAlone) {
  const auto descriptor = parse_payload(Codec::Opus, Bytes{0x78}, false);
  ASSERT_TRUE(descriptor);
  EXPECT_TRUE(descriptor->keyframe && descriptor->start_of_frame && descriptor->end_of_frame);
}

}  // namespace
}  // namespace gstlk::rtp
