// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/demux.h"

#include <gtest/gtest.h>

namespace gstlk::transport {
namespace {

PacketKind kind_of(uint8_t first, uint8_t second) { return classify(Bytes{first, second}); }

TEST(Demux, FollowsTheRangesOfRfc7983) {
  for (int first = 0; first < 256; ++first) {
    const auto byte = static_cast<uint8_t>(first);
    PacketKind expected = PacketKind::Unknown;
    if (first <= 3) expected = PacketKind::Stun;
    if (first >= 20 && first <= 63) expected = PacketKind::Dtls;
    if (first >= 128 && first <= 191) expected = PacketKind::Rtp;
    EXPECT_EQ(kind_of(byte, 96), expected) << first;
  }
}

TEST(Demux, TellsRtcpByItsPacketType) {
  for (int type : {200, 201, 205, 206, 207}) EXPECT_EQ(kind_of(0x80, type), PacketKind::Rtcp);
  EXPECT_EQ(kind_of(0x80, 191), PacketKind::Rtp);
  EXPECT_EQ(kind_of(0x80, 224), PacketKind::Rtp);
  // Payload type 111 with the marker bit.
  EXPECT_EQ(kind_of(0x90, 0x80 | 111), PacketKind::Rtp);
}

TEST(Demux, KnowsNothingOfDatagramsWithoutTwoBytes) {
  EXPECT_EQ(classify({}), PacketKind::Unknown);
  EXPECT_EQ(classify(Bytes{0x80}), PacketKind::Unknown);
}

}  // namespace
}  // namespace gstlk::transport
