// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/retransmission.h"

#include <gtest/gtest.h>

#include "support/rtp_packet.h"

namespace gstlk::rtp {
namespace {

using test::rtp_packet;

constexpr PayloadType kRtx{97};
constexpr Ssrc kRtxSsrc{0xabc};

TEST(Retransmission, WhatIsWrittenIsRestored) {
  const Bytes original = rtp_packet()
                             .ssrc(Ssrc(5))
                             .payload_type(96)
                             .seq(0xfffe)
                             .timestamp(1234)
                             .marker()
                             .csrc(Ssrc(9))
                             .extension(1, "mid")
                             .payload({1, 2, 3})
                             .bytes();
  Bytes rtx(original.size() + kRtxOverhead);
  ASSERT_EQ(write_rtx(*PacketView::parse(original), kRtx, kRtxSsrc, 77, rtx), rtx.size());
  const auto view = PacketView::parse(rtx);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->payload_type(), kRtx);
  EXPECT_EQ(view->ssrc(), kRtxSsrc);
  EXPECT_EQ(view->sequence_number(), 77);
  EXPECT_EQ(view->timestamp(), 1234u);
  EXPECT_TRUE(view->marker());

  const auto restored = restore_rtx(rtx, *view, PayloadType(96), Ssrc(5));
  ASSERT_TRUE(restored);
  EXPECT_EQ(Bytes(restored->begin(), restored->end()), original);
}

TEST(Retransmission, PaddingIsNotSentAgain) {
  const Bytes original = rtp_packet().payload({1, 2, 3}).padding(8).bytes();
  Bytes rtx(100);
  const size_t size = write_rtx(*PacketView::parse(original), kRtx, kRtxSsrc, 1, rtx);
  EXPECT_EQ(size, 12u + 2 + 3);
  EXPECT_EQ(PacketView::parse(ByteView(rtx).first(size))->padding_size(), 0u);
}

TEST(Retransmission, PaddingOfTheSenderStaysValidWhenRestored) {
  Bytes rtx = rtp_packet().payload({0, 7, 42}).padding(4).bytes();
  const auto restored = restore_rtx(rtx, *PacketView::parse(rtx), PayloadType(96), Ssrc(5));
  ASSERT_TRUE(restored);
  const auto view = PacketView::parse(*restored);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->sequence_number(), 7);
  EXPECT_EQ(view->payload_size(), 1u);
  EXPECT_EQ(view->payload()[0], 42);
}

TEST(Retransmission, AProbeIsLeftAsItIs) {
  for (size_t payload : {0u, 1u, 2u}) {
    Bytes probe = rtp_packet().payload_size(payload).padding(100).bytes();
    const Bytes before = probe;
    EXPECT_FALSE(restore_rtx(probe, *PacketView::parse(probe), PayloadType(96), Ssrc(5)));
    EXPECT_EQ(probe, before);
  }
}

TEST(Retransmission, TooLittleRoomWritesNothing) {
  const Bytes original = rtp_packet().payload({1}).bytes();
  Bytes rtx(original.size() + 1);
  EXPECT_EQ(write_rtx(*PacketView::parse(original), kRtx, kRtxSsrc, 1, rtx), 0u);
}

}  // namespace
}  // namespace gstlk::rtp
