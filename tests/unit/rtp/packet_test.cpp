// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/packet.h"

#include <gtest/gtest.h>

#include "support/rtp_packet.h"

namespace gstlk::rtp {
namespace {

using test::rtp_packet;

TEST(PacketView, ReadsEveryFieldOfTheFixedHeader) {
  const Bytes bytes = rtp_packet()
                          .ssrc(Ssrc(0x11223344))
                          .payload_type(111)
                          .seq(0xfffe)
                          .timestamp(0xdeadbeef)
                          .marker()
                          .payload({1, 2, 3})
                          .bytes();
  const auto packet = PacketView::parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->marker());
  EXPECT_EQ(packet->payload_type(), PayloadType(111));
  EXPECT_EQ(packet->sequence_number(), 0xfffe);
  EXPECT_EQ(packet->timestamp(), 0xdeadbeefu);
  EXPECT_EQ(packet->ssrc(), Ssrc(0x11223344));
  EXPECT_EQ(packet->header_size(), 12u);
  EXPECT_EQ(packet->payload_size(), 3u);
  EXPECT_EQ(packet->payload()[2], 3);
  EXPECT_FALSE(packet->has_extension());
  EXPECT_TRUE(packet->extension().empty());
}

TEST(PacketView, FindsThePayloadBehindCsrcsAndExtensionAndBeforePadding) {
  const Bytes bytes = rtp_packet()
                          .csrc(Ssrc(7))
                          .csrc(Ssrc(8))
                          .extension(3, "abc")
                          .payload({9, 9})
                          .padding(4)
                          .bytes();
  const auto packet = PacketView::parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->csrc_count(), 2);
  EXPECT_EQ(packet->csrc(1), Ssrc(8));
  EXPECT_EQ(packet->extension_profile(), 0xbede);
  EXPECT_EQ(packet->extension().size(), 4u);
  EXPECT_EQ(packet->header_size(), 12u + 8 + 4 + 4);
  EXPECT_EQ(packet->header().size(), packet->header_size());
  EXPECT_EQ(packet->payload_size(), 2u);
  EXPECT_EQ(packet->padding_size(), 4u);
}

TEST(PacketView, APacketOfPaddingAloneHasNoPayload) {
  const Bytes bytes = rtp_packet().padding(255).bytes();
  const auto packet = PacketView::parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->payload_size(), 0u);
}

TEST(PacketView, RefusesWhatIsCutShort) {
  const Bytes bytes = rtp_packet().csrc(Ssrc(7)).extension(3, "abc").bytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(PacketView::parse(ByteView(bytes).first(size))) << size;
  }
  EXPECT_TRUE(PacketView::parse(bytes));
}

TEST(PacketView, RefusesAnotherVersion) {
  Bytes bytes = rtp_packet().bytes();
  bytes[0] = 0x40;
  EXPECT_FALSE(PacketView::parse(bytes));
}

TEST(PacketView, RefusesPaddingLongerThanThePayloadAndPaddingOfZero) {
  Bytes bytes = rtp_packet().payload({1}).padding(3).bytes();
  bytes.back() = 5;
  EXPECT_FALSE(PacketView::parse(bytes));
  bytes.back() = 0;
  EXPECT_FALSE(PacketView::parse(bytes));
}

}  // namespace
}  // namespace gstlk::rtp
