// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/codec/red.h"

#include <gtest/gtest.h>

#include <vector>

namespace gstlk::rtp {
namespace {

constexpr uint32_t kFrame = 960;  // 20 ms at 48 kHz

// The packet with number `n` of a stream whose packets are single bytes that say their number, with
// the `distance` packets before it as redundancy.
Bytes red_packet(uint8_t n, unsigned distance) {
  Bytes out;
  ByteWriter writer(out);
  for (unsigned d = distance; d > 0; --d) {
    writer.u8(0x80 | 111);
    writer.u24(d * kFrame << 10 | 1);
  }
  writer.u8(111);
  for (unsigned d = distance; d > 0; --d) writer.u8(static_cast<uint8_t>(n - d));
  writer.u8(n);
  return out;
}

std::vector<int> numbers(RedUnwrapper& unwrapper, uint8_t n, unsigned distance) {
  const Bytes packet = red_packet(n, distance);
  std::vector<int> out;
  const auto unwrapped = unwrapper.handle(n, n * kFrame, packet);
  for (const UnwrappedAudio& audio : unwrapped.list()) {
    EXPECT_EQ(audio.payload[0], audio.sequence);
    EXPECT_EQ(audio.timestamp, audio.sequence * kFrame);
    EXPECT_EQ(audio.recovered, audio.sequence != n);
    out.push_back(audio.sequence);
  }
  return out;
}

TEST(RedPayload, IsTakenApart) {
  const Bytes packet = red_packet(9, 2);
  const auto red = parse_red(packet);
  ASSERT_TRUE(red);
  ASSERT_EQ(red->redundant_count, 2);
  EXPECT_EQ(red->redundant[0].timestamp_offset, 2 * kFrame);
  EXPECT_EQ(red->redundant[0].data[0], 7);
  EXPECT_EQ(red->redundant[1].data[0], 8);
  EXPECT_EQ(red->primary.payload_type, 111);
  EXPECT_EQ(red->primary.data[0], 9);
}

TEST(RedPayload, IsRefusedWhenBlocksDoNotFit) {
  Bytes packet = red_packet(9, 2);
  for (size_t size = 0; size + 1 < packet.size(); ++size)
    EXPECT_FALSE(parse_red(ByteView(packet).first(size))) << size;
  EXPECT_FALSE(parse_red(red_packet(99, 9)));
}

TEST(RedUnwrapper, GivesThePrimaryBlockOfEachPacket) {
  RedUnwrapper unwrapper;
  EXPECT_EQ(numbers(unwrapper, 10, 2), std::vector({10}));
  EXPECT_EQ(numbers(unwrapper, 11, 2), std::vector({11}));
}

TEST(RedUnwrapper, RestoresWhatIsMissing) {
  RedUnwrapper unwrapper;
  numbers(unwrapper, 10, 2);
  EXPECT_EQ(numbers(unwrapper, 13, 2), std::vector({11, 12, 13}));
}

TEST(RedUnwrapper, DoesNotGiveARestoredPacketAgainWhenItComesLate) {
  RedUnwrapper unwrapper;
  numbers(unwrapper, 10, 2);
  numbers(unwrapper, 12, 1);
  EXPECT_EQ(numbers(unwrapper, 11, 2), std::vector<int>());
}

TEST(RedUnwrapper, GivesALatePacketThatWasNotRestored) {
  RedUnwrapper unwrapper;
  numbers(unwrapper, 10, 0);
  numbers(unwrapper, 12, 0);
  EXPECT_EQ(numbers(unwrapper, 11, 0), std::vector({11}));
}

TEST(RedUnwrapper, RestoresNothingFromBeforeTheFirstPacket) {
  RedUnwrapper unwrapper;
  EXPECT_EQ(numbers(unwrapper, 20, 2), std::vector({20}));
}

TEST(RedUnwrapper, AdmitsPlainPacketsOfTheStreamOnce) {
  RedUnwrapper unwrapper;
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(unwrapper.admit(9));  // nothing to compare with yet
  numbers(unwrapper, 10, 1);
  EXPECT_TRUE(unwrapper.admit(11));
  EXPECT_EQ(numbers(unwrapper, 12, 1), std::vector({12}));
  EXPECT_EQ(numbers(unwrapper, 14, 1), std::vector({13, 14}));
  EXPECT_FALSE(unwrapper.admit(13));
}

TEST(RedUnwrapper, RemembersWhatCameOutOfRedundancy) {
  RedUnwrapper unwrapper;
  numbers(unwrapper, 10, 1);
  numbers(unwrapper, 12, 1);
  EXPECT_FALSE(unwrapper.was_recovered(10));
  EXPECT_TRUE(unwrapper.was_recovered(11));
  numbers(unwrapper, 11, 1);  // late
  EXPECT_TRUE(unwrapper.was_recovered(11));
  for (uint8_t n = 13; n <= 75; ++n) numbers(unwrapper, n, 1);
  EXPECT_FALSE(unwrapper.was_recovered(75));
}

TEST(RedUnwrapper, DropsDuplicatesAndRubbish) {
  RedUnwrapper unwrapper;
  numbers(unwrapper, 10, 1);
  EXPECT_EQ(numbers(unwrapper, 10, 1), std::vector<int>());
  EXPECT_EQ(unwrapper.handle(11, 0, Bytes{0x80}).count, 0);
}

}  // namespace
}  // namespace gstlk::rtp
