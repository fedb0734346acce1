// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/peer_stats.h"

#include <gtest/gtest.h>

#include <memory>

namespace gstlk::sfu {
namespace {

using Structure = std::unique_ptr<GstStructure, decltype(&gst_structure_free)>;

guint64 number(const GstStructure* structure, const char* field) {
  guint64 value = 0;
  EXPECT_TRUE(gst_structure_get_uint64(structure, field, &value)) << field;
  return value;
}

const GstStructure* entry(const GstStructure* structure, const char* field, guint index) {
  const GValue* array = gst_structure_get_value(structure, field);
  if (!array || gst_value_array_get_size(array) <= index) return nullptr;
  return gst_value_get_structure(gst_value_array_get_value(array, index));
}

class PeerStatsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
};

TEST_F(PeerStatsTest, SaysItsAgeAndTheRestInNanoseconds) {
  PeerStats stats;
  stats.at = Timestamp(10s);
  stats.round_trip = 35ms;
  stats.packets_received = 7;
  const Structure structure(stats.to_structure(Timestamp(10s) + 400ms), gst_structure_free);
  EXPECT_EQ(number(structure.get(), "age"), 400'000'000u);
  EXPECT_EQ(number(structure.get(), "round-trip"), 35'000'000u);
  EXPECT_EQ(number(structure.get(), "packets-received"), 7u);
  EXPECT_FALSE(gst_structure_has_field(structure.get(), "remote-address"));
}

TEST_F(PeerStatsTest, HasNoAgeBeforeTheFirstCopy) {
  const Structure structure(PeerStats{}.to_structure(Timestamp(10s)), gst_structure_free);
  EXPECT_EQ(number(structure.get(), "age"), 0u);
}

TEST_F(PeerStatsTest, HasAnEntryForEachEncodingAndThePath) {
  PeerStats stats;
  stats.path = transport::AddressPair{*transport::SocketAddress::from_text("192.0.2.1:9"),
                                      *transport::SocketAddress::from_text("192.0.2.2:7882"),
                                      transport::Protocol::Tcp};
  PeerStats::Received received;
  received.mid = Mid("1");
  received.rid = Rid("h");
  received.bitrate = {64'000};
  received.stats.packets = 3;
  stats.received.push_back(received);
  PeerStats::Sent sent;
  sent.ssrc = Ssrc(77);
  sent.retransmitted = 2;
  stats.sent = {sent, sent};
  const Structure structure(stats.to_structure(Timestamp(10s)), gst_structure_free);
  EXPECT_STREQ(gst_structure_get_string(structure.get(), "protocol"), "tcp");
  EXPECT_STREQ(gst_structure_get_string(structure.get(), "remote-address"), "192.0.2.1:9");
  const GstStructure* in = entry(structure.get(), "received", 0);
  ASSERT_TRUE(in);
  EXPECT_STREQ(gst_structure_get_string(in, "rid"), "h");
  EXPECT_EQ(number(in, "packets"), 3u);
  EXPECT_EQ(number(in, "bitrate"), 64'000u);
  const GstStructure* out = entry(structure.get(), "sent", 1);
  ASSERT_TRUE(out);
  EXPECT_EQ(number(out, "retransmitted"), 2u);
}

TEST(ByteGrowth, GivesTheBitrateSinceTheLastLook) {
  ByteGrowth growth;
  EXPECT_EQ(growth.update(1000, Timestamp(1s)), Bitrate{});
  EXPECT_EQ(growth.update(126'000, Timestamp(2s)), Bitrate{1'000'000});
  EXPECT_EQ(growth.update(126'000, Timestamp(2s)), Bitrate{});  // no time
  EXPECT_EQ(growth.update(10, Timestamp(3s)), Bitrate{});       // counts anew
}

}  // namespace
}  // namespace gstlk::sfu
