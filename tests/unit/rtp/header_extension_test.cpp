// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/header_extension.h"

#include <gtest/gtest.h>

#include "support/rtp_packet.h"

namespace gstlk::rtp {
namespace {

using test::rtp_packet;

TEST(ExtensionType, EveryTypeHasAUriThatLeadsBack) {
  for (size_t i = 0; i < kExtensionTypeCount; ++i) {
    const auto type = static_cast<ExtensionType>(i);
    EXPECT_EQ(extension_from_uri(uri_of(type)), type);
  }
  EXPECT_FALSE(extension_from_uri("urn:nobody"));
}

TEST(ExtensionMap, KeepsOneIdPerTypeAndOneTypePerId) {
  ExtensionMap map;
  EXPECT_TRUE(map.add(4, ExtensionType::Mid));
  EXPECT_TRUE(map.add(4, "urn:ietf:params:rtp-hdrext:sdes:mid"));
  EXPECT_FALSE(map.add(5, ExtensionType::Mid));
  EXPECT_FALSE(map.add(4, ExtensionType::Rid));
  EXPECT_FALSE(map.add(0, ExtensionType::Rid));
  EXPECT_FALSE(map.add(9, "urn:nobody"));
  EXPECT_EQ(map.id_of(ExtensionType::Mid), 4);
  EXPECT_EQ(map.type_of(4), ExtensionType::Mid);
  EXPECT_FALSE(map.type_of(5));
  EXPECT_FALSE(map.type_of(0));
}

TEST(ExtensionReader, FindsOneByteElements) {
  const Bytes bytes = rtp_packet().extension(1, "mid").extension(2, uint16_t{515}).bytes();
  const auto packet = PacketView::parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->extension_profile(), 0xbede);
  EXPECT_EQ(read_sdes_text(find_extension(*packet, 1)), "mid");
  EXPECT_EQ(read_transport_sequence(find_extension(*packet, 2)), 515);
  EXPECT_TRUE(find_extension(*packet, 3).empty());
  EXPECT_TRUE(find_extension(*packet, 0).empty());
}

TEST(ExtensionReader, FindsTwoByteElementsWithLargeIdsAndLengths) {
  const Bytes large(200, 7);
  const Bytes bytes = rtp_packet().extension(1, "a").extension(250, ByteView(large)).bytes();
  const auto packet = PacketView::parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->extension_profile(), 0x1000);
  EXPECT_EQ(read_sdes_text(find_extension(*packet, 1)), "a");
  EXPECT_EQ(find_extension(*packet, 250).size(), 200u);
}

TEST(ExtensionReader, SkipsPaddingBetweenElements) {
  const Bytes block = {0, 0x10, 0xaa, 0, 0, 0x20, 0xbb, 0};
  ExtensionReader reader(0xbede, block);
  EXPECT_EQ(reader.next()->id, 1);
  const auto second = reader.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->id, 2);
  EXPECT_EQ(second->data[0], 0xbb);
  EXPECT_FALSE(reader.next());
}

TEST(ExtensionReader, EndsAtId15InTheOneByteForm) {
  const Bytes block = {0xf0, 0xaa, 0x10, 0xbb};
  EXPECT_FALSE(ExtensionReader(0xbede, block).next());
}

TEST(ExtensionReader, EndsAtAnElementLongerThanTheBlock) {
  const Bytes one_byte = {0x10, 0xaa, 0x2f, 0xbb};
  ExtensionReader reader(0xbede, one_byte);
  EXPECT_TRUE(reader.next());
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.next());
  const Bytes two_byte = {1, 9, 0, 0};
  EXPECT_FALSE(ExtensionReader(0x1000, two_byte).next());
  const Bytes no_length = {0, 0, 0, 1};
  EXPECT_FALSE(ExtensionReader(0x1000, no_length).next());
}

TEST(ExtensionReader, GivesNothingOfAnotherProfile) {
  const Bytes block = {0x10, 0xaa, 0, 0};
  EXPECT_FALSE(ExtensionReader(0x1234, block).next());
}

TEST(ExtensionWriter, RefusesWhatDoesNotFitAndStaysUsable) {
  uint8_t room[12];
  ExtensionWriter writer(room);
  EXPECT_TRUE(writer.add(1, as_bytes("abcd")));
  EXPECT_FALSE(writer.add(2, as_bytes("abcd")));  // padding would not fit
  EXPECT_FALSE(writer.add(15, as_bytes("a")));
  EXPECT_FALSE(writer.add(0, as_bytes("a")));
  EXPECT_FALSE(writer.add(3, {}));
  EXPECT_TRUE(writer.add(2, as_bytes("ab")));
  EXPECT_EQ(writer.finish(), 12u);
  ExtensionReader reader(0xbede, ByteView(room).subspan(4));
  EXPECT_EQ(as_text(reader.next()->data), "abcd");
  EXPECT_EQ(as_text(reader.next()->data), "ab");
}

TEST(ExtensionWriter, WritesNothingWithoutElements) {
  uint8_t room[8];
  EXPECT_EQ(ExtensionWriter(room).finish(), 0u);
}

TEST(ExtensionElement, AudioLevelHasLevelAndVoiceBit) {
  const uint8_t data[] = {0x80 | 20};
  const auto level = read_audio_level(data);
  ASSERT_TRUE(level);
  EXPECT_EQ(level->level, 20);
  EXPECT_TRUE(level->voice);
  EXPECT_FALSE(read_audio_level({}));
}

TEST(ExtensionElement, CaptureTimeComesWithOrWithoutTheOffset) {
  Bytes data(16, 0);
  data[7] = 5;
  data[15] = 6;
  EXPECT_EQ(read_abs_capture_time(data)->clock_offset, 6);
  const auto short_form = read_abs_capture_time(ByteView(data).first(8));
  EXPECT_EQ(short_form->capture_ntp, 5u);
  EXPECT_FALSE(short_form->clock_offset);
  EXPECT_FALSE(read_abs_capture_time(ByteView(data).first(9)));
}

TEST(ExtensionElement, SendTimeHasThreeBytes) {
  const uint8_t data[] = {1, 2, 3};
  EXPECT_EQ(read_abs_send_time(data), 0x010203u);
  EXPECT_FALSE(read_abs_send_time(ByteView(data).first(2)));
}

TEST(ExtensionElement, TextLosesTrailingZeros) {
  const uint8_t data[] = {'q', 0, 0};
  EXPECT_EQ(read_sdes_text(data), "q");
}

}  // namespace
}  // namespace gstlk::rtp
