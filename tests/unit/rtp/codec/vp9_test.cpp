// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "rtp/codec/payload_parser.h"

namespace gstlk::rtp {
namespace {

enum : uint8_t { kI = 0x80, kP = 0x40, kL = 0x20, kF = 0x10, kB = 0x08, kE = 0x04, kV = 0x02 };

TEST(Vp9Payload, ReadsNonFlexibleMode) {
  const auto descriptor =
      parse_vp9(Bytes{kI | kP | kL | kB, 0x92, 0x34, 2 << 5 | 0x10 | 1 << 1 | 1, 77, 0xaa}, false);
  ASSERT_TRUE(descriptor);
  EXPECT_EQ(descriptor->vp9.size, 5);
  EXPECT_EQ(descriptor->vp9.picture_id, 0x1234);
  EXPECT_EQ(descriptor->temporal, 2);
  EXPECT_EQ(descriptor->spatial, 1);
  EXPECT_EQ(descriptor->vp9.tl0_picture_index, 77);
  EXPECT_TRUE(descriptor->vp9.inter_layer_dependency);
  EXPECT_TRUE(descriptor->switching_point);
  EXPECT_TRUE(descriptor->start_of_frame);
  EXPECT_FALSE(descriptor->end_of_frame);
  EXPECT_FALSE(descriptor->keyframe);
}

TEST(Vp9Payload, SkipsTheReferencesOfFlexibleMode) {
  const auto descriptor =
      parse_vp9(Bytes{kI | kP | kL | kF | kB | kE, 0x05, 0, 1 << 1 | 1, 2 << 1, 0xaa}, false);
  ASSERT_TRUE(descriptor);
  EXPECT_EQ(descriptor->vp9.size, 5);
  EXPECT_TRUE(descriptor->end_of_frame);
}

TEST(Vp9Payload, RefusesMoreReferencesThanThree) {
  EXPECT_FALSE(parse_vp9(Bytes{kI | kP | kF, 5, 3, 3, 3, 3, 0xaa}, false));
}

TEST(Vp9Payload, TakesLayersAndTheLargestSizeFromTheScalabilityStructure) {
  const auto descriptor = parse_vp9(
      Bytes{kI | kL | kB | kV, 0x05, 0, 9,                         // picture id, layer, TL0PICIDX
            1 << 5 | 0x18, 0x01, 0x40, 0x00, 0xb4,                 // two layers, 320x180
            0x02, 0x80, 0x01, 0x68, 1, 2 << 5 | 1 << 2, 4, 0xaa},  // 640x360, one picture of a GOF
      false);
  ASSERT_TRUE(descriptor);
  EXPECT_TRUE(descriptor->keyframe);
  EXPECT_EQ(descriptor->vp9.spatial_layers, 2);
  EXPECT_EQ(descriptor->width, 640);
  EXPECT_EQ(descriptor->height, 360);
}

TEST(Vp9Payload, IsAKeyframeInTheLowestLayerOnly) {
  EXPECT_TRUE(parse_vp9(Bytes{kI | kL | kB, 5, 0, 9, 0xaa}, false)->keyframe);
  EXPECT_FALSE(parse_vp9(Bytes{kI | kL | kB, 5, 1 << 1 | 1, 9, 0xaa}, false)->keyframe);
}

TEST(Vp9Payload, EndsAFrameAtTheMarkerToo) {
  EXPECT_TRUE(parse_vp9(Bytes{kI | kP | kL, 5, 0, 9, 0xaa}, true)->end_of_frame);
}

TEST(Vp9Payload, RefusesWhatIsCutOff) {
  const Bytes whole{kI | kL | kB | kV,
                    0x85,
                    0,
                    0,
                    9,
                    1 << 5 | 0x10,
                    0x01,
                    0x40,
                    0x00,
                    0xb4,
                    0x02,
                    0x80,
                    0x01,
                    0x68};
  for (size_t size = 0; size <= whole.size(); ++size)
    EXPECT_FALSE(parse_vp9(ByteView(whole).first(size), false)) << size;
}

}  // namespace
}  // namespace gstlk::rtp
