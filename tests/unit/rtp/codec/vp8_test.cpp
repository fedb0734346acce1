// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "rtp/codec/payload_parser.h"

namespace gstlk::rtp {
namespace {

const Bytes kInterFrame{0x01, 0x00, 0x00, 0x11};
const Bytes kKeyframe640x360{0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01, 0x00};

Bytes payload_of(const Vp8Descriptor& vp8, const Bytes& frame) {
  Bytes payload(6);
  payload.resize(write_vp8_descriptor(vp8, payload.data()));
  payload.insert(payload.end(), frame.begin(), frame.end());
  return payload;
}

Vp8Descriptor full_descriptor() {
  Vp8Descriptor vp8;
  vp8.start_of_partition = true;
  vp8.has_picture_id = true;
  vp8.picture_id_is_15_bit = true;
  vp8.picture_id = 0x1234;
  vp8.has_tl0_picture_index = true;
  vp8.tl0_picture_index = 200;
  vp8.has_temporal_index = true;
  vp8.temporal_index = 2;
  vp8.layer_sync = true;
  vp8.has_key_index = true;
  vp8.key_index = 17;
  return vp8;
}

TEST(Vp8Payload, ReadsTheDescriptorOfOneByte) {
  const auto descriptor = parse_vp8(Bytes{0x10, 0x01, 0x00, 0x00}, true);
  ASSERT_TRUE(descriptor);
  EXPECT_EQ(descriptor->vp8.size, 1);
  EXPECT_TRUE(descriptor->start_of_frame);
  EXPECT_TRUE(descriptor->end_of_frame);
  EXPECT_FALSE(descriptor->keyframe);
  EXPECT_FALSE(descriptor->vp8.has_picture_id);
}

TEST(Vp8Payload, ReadsEveryFieldOfTheExtendedDescriptor) {
  const auto descriptor = parse_vp8(payload_of(full_descriptor(), kInterFrame), false);
  ASSERT_TRUE(descriptor);
  EXPECT_EQ(descriptor->vp8.size, 6);
  EXPECT_EQ(descriptor->vp8.picture_id, 0x1234);
  EXPECT_TRUE(descriptor->vp8.picture_id_is_15_bit);
  EXPECT_EQ(descriptor->vp8.tl0_picture_index, 200);
  EXPECT_EQ(descriptor->temporal, 2);
  EXPECT_TRUE(descriptor->switching_point);
  EXPECT_EQ(descriptor->vp8.key_index, 17);
  EXPECT_FALSE(descriptor->end_of_frame);
}

TEST(Vp8Payload, ReadsAndWritesAPictureIdOfSevenBits) {
  Vp8Descriptor vp8 = full_descriptor();
  vp8.picture_id_is_15_bit = false;
  vp8.picture_id = 99;
  const auto descriptor = parse_vp8(payload_of(vp8, kInterFrame), false);
  ASSERT_TRUE(descriptor);
  EXPECT_EQ(descriptor->vp8.size, 5);
  EXPECT_EQ(descriptor->vp8.picture_id, 99);
  EXPECT_FALSE(descriptor->vp8.picture_id_is_15_bit);
}

TEST(Vp8Payload, WritesAPictureIdAboveSevenBitsLong) {
  Vp8Descriptor vp8 = full_descriptor();
  vp8.picture_id_is_15_bit = false;
  vp8.picture_id = 128;
  const auto descriptor = parse_vp8(payload_of(vp8, kInterFrame), false);
  ASSERT_TRUE(descriptor);
  EXPECT_EQ(descriptor->vp8.picture_id, 128);
}

TEST(Vp8Payload, TakesTheSizeFromAKeyframe) {
  const auto descriptor = parse_vp8(payload_of(full_descriptor(), kKeyframe640x360), false);
  ASSERT_TRUE(descriptor);
  EXPECT_TRUE(descriptor->keyframe);
  EXPECT_EQ(descriptor->width, 640);
  EXPECT_EQ(descriptor->height, 360);
}

TEST(Vp8Payload, IsNoKeyframeInALaterPacketOfOne) {
  Vp8Descriptor vp8 = full_descriptor();
  vp8.start_of_partition = false;
  const auto descriptor = parse_vp8(payload_of(vp8, kKeyframe640x360), false);
  ASSERT_TRUE(descriptor);
  EXPECT_FALSE(descriptor->keyframe);
  EXPECT_FALSE(descriptor->start_of_frame);
}

TEST(Vp8Payload, RefusesADescriptorThatIsCutOffOrHasNothingBehindIt) {
  const Bytes whole = payload_of(full_descriptor(), {});
  for (size_t size = 0; size <= whole.size(); ++size)
    EXPECT_FALSE(parse_vp8(ByteView(whole).first(size), false)) << size;
}

}  // namespace
}  // namespace gstlk::rtp
