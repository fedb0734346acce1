// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/vp8_rewriter.h"

#include <gtest/gtest.h>

#include "rtp/codec/payload_parser.h"

namespace gstlk::forward {
namespace {

rtp::Vp8Descriptor picture(uint16_t id, uint8_t tl0 = 0, uint8_t key = 0) {
  rtp::Vp8Descriptor vp8;
  vp8.size = 6;
  vp8.has_picture_id = vp8.picture_id_is_15_bit = true;
  vp8.has_tl0_picture_index = vp8.has_temporal_index = vp8.has_key_index = true;
  vp8.picture_id = id;
  vp8.tl0_picture_index = tl0;
  vp8.key_index = key;
  return vp8;
}

rtp::Vp8Descriptor written(const Rewrite& rewrite) {
  Bytes payload(rewrite.head.begin(), rewrite.head.begin() + rewrite.head_size);
  payload.push_back(0);
  const auto descriptor = rtp::parse_vp8(payload, false);
  EXPECT_TRUE(descriptor);
  return descriptor->vp8;
}

rtp::Vp8Descriptor forward(Vp8Rewriter& rewriter, const rtp::Vp8Descriptor& vp8) {
  Rewrite rewrite;
  rewriter.forward(vp8, rewrite);
  if (rewrite.head_replaced == 0) return vp8;
  EXPECT_EQ(rewrite.head_replaced, vp8.size);
  return written(rewrite);
}

TEST(Vp8Rewriter, LeavesAnUntouchedStreamAsItIs) {
  Vp8Rewriter rewriter;
  const auto out = forward(rewriter, picture(0x7fff, 255, 31));
  EXPECT_EQ(out.picture_id, 0x7fff);
  EXPECT_EQ(out.tl0_picture_index, 255);
  EXPECT_EQ(out.key_index, 31);
  EXPECT_EQ(forward(rewriter, picture(0, 0, 0)).picture_id, 0);
  Rewrite rewrite;
  rewriter.forward(picture(1), rewrite);
  EXPECT_EQ(rewrite.head_replaced + rewrite.head_size, 0);
}

TEST(Vp8Rewriter, ClosesOverDroppedPicturesOncePerPicture) {
  Vp8Rewriter rewriter;
  forward(rewriter, picture(10));
  rewriter.drop(picture(11));
  rewriter.drop(picture(11));
  EXPECT_EQ(forward(rewriter, picture(12)).picture_id, 11);
  EXPECT_EQ(forward(rewriter, picture(12)).picture_id, 11);
}

TEST(Vp8Rewriter, GoesOnByOneAtASwitch) {
  Vp8Rewriter rewriter;
  forward(rewriter, picture(10, 255, 31));
  rewriter.switch_encoding();
  const auto out = forward(rewriter, picture(9000, 77, 5));
  EXPECT_EQ(out.picture_id, 11);
  EXPECT_EQ(out.tl0_picture_index, 0);
  EXPECT_EQ(out.key_index, 0);
  EXPECT_EQ(forward(rewriter, picture(9001, 78, 5)).picture_id, 12);
}

TEST(Vp8Rewriter, DoesNotRepeatAnIdWhenItSwitchesAfterADrop) {
  Vp8Rewriter rewriter;
  forward(rewriter, picture(10));
  rewriter.drop(picture(11));
  rewriter.switch_encoding();
  EXPECT_EQ(forward(rewriter, picture(500)).picture_id, 11);
}

TEST(Vp8Rewriter, KeepsTheIdsOfPicturesThatWereLost) {
  Vp8Rewriter rewriter;
  forward(rewriter, picture(10));
  forward(rewriter, picture(13));
  rewriter.drop(picture(14));
  EXPECT_EQ(forward(rewriter, picture(15)).picture_id, 14);
  Rewrite late;
  ASSERT_TRUE(rewriter.forward_late(picture(11), late));
  EXPECT_EQ(late.head_size, 0);  // the id that it came with
}

TEST(Vp8Rewriter, DoesNotRepeatTheIdOfALatePictureAtASwitch) {
  Vp8Rewriter rewriter;
  forward(rewriter, picture(10));
  rewriter.drop(picture(12));
  Rewrite late;
  ASSERT_TRUE(rewriter.forward_late(picture(11), late));
  rewriter.switch_encoding();
  EXPECT_EQ(forward(rewriter, picture(500)).picture_id, 12);
}

TEST(Vp8Rewriter, RefusesALatePacketOfADroppedPicture) {
  Vp8Rewriter rewriter;
  forward(rewriter, picture(10));
  rewriter.drop(picture(11));
  forward(rewriter, picture(12));
  Rewrite late;
  EXPECT_FALSE(rewriter.forward_late(picture(11), late));
}

TEST(Vp8Rewriter, WritesTheLongFormWhenTheIdNeedsIt) {
  Vp8Rewriter rewriter;
  auto vp8 = picture(126);
  vp8.picture_id_is_15_bit = false;
  vp8.size = 5;
  for (uint16_t id = 126; id < 400; ++id) {
    vp8.picture_id = id & 0x7f;
    Rewrite rewrite;
    rewriter.forward(vp8, rewrite);
    if (id < 128) {
      EXPECT_EQ(rewrite.head_size, 0);
      continue;
    }
    EXPECT_EQ(written(rewrite).picture_id, id);
    EXPECT_EQ(rewrite.head_size, 6);
  }
}

}  // namespace
}  // namespace gstlk::forward
