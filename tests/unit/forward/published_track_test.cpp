// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/published_track.h"

#include <gtest/gtest.h>

#include "video_stream.h"

namespace gstlk::forward {
namespace {

using test::kDescriptorId;
using test::rtp_packet;
using test::SvcStream;
using test::Vp8Stream;

constexpr Timestamp kStart{100s};

PublishedTrack vp8_simulcast() { return PublishedTrack({rtp::Codec::Vp8, 90000, 3, false}); }

TEST(PublishedTrack, UnderstandsAPacketOnce) {
  PublishedTrack track = vp8_simulcast();
  Vp8Stream stream(7, 65535, 0xffffff00);
  const auto bytes = stream.frame(true, 2);
  const auto first = track.receive(1, bytes[0], {}, kStart);
  const auto second = track.receive(1, bytes[1], {}, kStart);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->encoding, 1);
  EXPECT_TRUE(first->descriptor.keyframe);
  EXPECT_EQ(second->sequence, first->sequence + 1);
  EXPECT_EQ(first->sequence & 0xffff, 65535);
  EXPECT_EQ(second->timestamp, first->timestamp);
  EXPECT_TRUE(second->marker);
  EXPECT_EQ(track.stats(1, kStart).width, 640);
  EXPECT_EQ(track.stats(1, kStart).packets, 2u);
}

TEST(PublishedTrack, CountsAndRefusesWhatIsMalformed) {
  PublishedTrack track = vp8_simulcast();
  EXPECT_FALSE(track.receive(0, Bytes{1, 2, 3}, {}, kStart));
  EXPECT_FALSE(track.receive(0, rtp_packet().payload({0x80}).bytes(), {}, kStart));
  EXPECT_FALSE(track.receive(3, rtp_packet().payload({0x10, 0}).bytes(), {}, kStart));
  EXPECT_EQ(track.stats(0, kStart).malformed, 2u);
}

TEST(PublishedTrack, AJumpBeginsTheEncodingAnew) {
  PublishedTrack track = vp8_simulcast();
  const auto receive = [&](uint16_t sequence) {
    return track.receive(0, Vp8Stream(7, sequence, sequence * 90u).frame(true, 1)[0], {}, kStart);
  };
  const auto first = receive(30'000);
  ASSERT_TRUE(first);
  EXPECT_EQ(receive(32'900)->generation, first->generation);
  EXPECT_TRUE(receive(30'900)->late);
  const auto back = receive(15'000);
  ASSERT_TRUE(back);
  EXPECT_NE(back->generation, first->generation);
  EXPECT_FALSE(back->late);
  EXPECT_GT(back->sequence, first->sequence);
  EXPECT_EQ(back->sequence & 0xffff, 15'000);
  EXPECT_EQ(receive(15'001)->generation, back->generation);
  EXPECT_NE(receive(20'000)->generation, back->generation);
}

TEST(PublishedTrack, BehindLostParameterSetsIsNoPlaceToStart) {
  PublishedTrack track({rtp::Codec::H264, 90000, 1, false});
  uint16_t sequence = 1;
  const auto is_keyframe = [&](Bytes payload) {
    const Bytes bytes = rtp_packet().seq(sequence++).payload(payload).bytes();
    return track.receive(0, bytes, {}, kStart)->descriptor.keyframe;
  };
  const Bytes idr = {0x65, 0x88};
  EXPECT_TRUE(is_keyframe(idr));  // a sender that never sends them
  EXPECT_TRUE(is_keyframe({0x67, 0x42}));
  EXPECT_FALSE(is_keyframe(idr));
  EXPECT_FALSE(is_keyframe({0x41, 0x80}));
  EXPECT_TRUE(is_keyframe(idr));  // sent them at its beginning alone
}

TEST(PublishedTrack, TheNextOneHasNumbersOfItsOwn) {
  PublishedTrack track({.codec = rtp::Codec::Vp8, .encodings = 2, .start = {254, 65536}});
  EXPECT_EQ(track.next_start(), (TrackStart{255, 65536}));
  int64_t newest = 0;
  for (uint32_t ssrc = 1; ssrc <= 3; ++ssrc) {
    const auto packet = track.receive(1, Vp8Stream(ssrc, 1, 1).frame(true, 1)[0], {}, kStart);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->generation, static_cast<uint8_t>(253 + ssrc));
    newest = packet->sequence;
  }
  const TrackStart next = track.next_start();
  EXPECT_EQ(next.generation, 1);
  PublishedTrack after({.codec = rtp::Codec::Vp8, .encodings = 2, .start = next});
  const auto packet = after.receive(0, Vp8Stream(9, 7, 1).frame(true, 1)[0], {}, kStart);
  ASSERT_TRUE(packet);
  EXPECT_GT(packet->sequence, newest);
  EXPECT_EQ(packet->sequence & 0xffff, 7);
}

TEST(PublishedTrack, RecognisesPadding) {
  PublishedTrack track = vp8_simulcast();
  const Bytes bytes = rtp_packet().padding(20).bytes();
  const auto packet = track.receive(0, bytes, {}, kStart);
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->padding_only());
  EXPECT_EQ(track.state(kStart).alive, 0);
}

TEST(PublishedTrack, TellsWhichEncodingsAreAlive) {
  PublishedTrack track = vp8_simulcast();
  Vp8Stream low(1, 0, 0);
  Vp8Stream high(2, 0, 0);
  track.receive(0, low.frame(true, 1)[0], {}, kStart);
  track.receive(2, high.frame(true, 1)[0], {}, kStart);
  EXPECT_EQ(track.state(kStart).alive, 0b101);
  track.receive(0, low.frame(false, 1)[0], {}, kStart + 600ms);
  ASSERT_TRUE(track.next_timeout(kStart + 600ms));
  EXPECT_EQ(track.state(*track.next_timeout(kStart + 600ms)).alive, 0b001);
  EXPECT_FALSE(track.next_timeout(kStart + 10s));
}

TEST(PublishedTrack, IsBackAtOnceBehindAMute) {
  PublishedTrack track = vp8_simulcast();
  Vp8Stream low(1, 0, 0);
  Vp8Stream high(2, 0, 0);
  track.receive(0, low.frame(true, 1)[0], {}, kStart);
  track.receive(2, high.frame(true, 1)[0], {}, kStart);
  track.receive(0, low.frame(true, 1)[0], {}, kStart + 5s);
  EXPECT_EQ(track.state(kStart + 5s).alive, 0b001);
  // While the other was there all the time, a layer has to show that it stays.
  track.receive(2, high.frame(true, 1)[0], {}, kStart + 5s);
  EXPECT_EQ(track.state(kStart + 5s).alive, 0b101);
  track.receive(0, low.frame(false, 1)[0], {}, kStart + 5600ms);
  track.receive(0, low.frame(false, 1)[0], {}, kStart + 6200ms);
  track.receive(2, high.frame(true, 1)[0], {}, kStart + 6200ms);
  EXPECT_EQ(track.state(kStart + 6200ms).alive, 0b001);
}

TEST(PublishedTrack, WaitsLongerForAScreenThatDoesNotChange) {
  PublishedTrack track({rtp::Codec::Vp8, 90000, 1, true});
  Vp8Stream stream(1, 0, 0);
  track.receive(0, stream.frame(true, 1)[0], {}, kStart);
  EXPECT_EQ(track.state(kStart + 2s).alive, 1);
  EXPECT_EQ(track.state(kStart + 3s).alive, 0);
}

TEST(PublishedTrack, BeginsAnEncodingAnewWithAnotherSsrc) {
  PublishedTrack track = vp8_simulcast();
  Vp8Stream old_stream(1, 60'000, 0);
  Vp8Stream new_stream(2, 5, 77);
  const auto before = track.receive(0, old_stream.frame(true, 1)[0], {}, kStart);
  const auto after = track.receive(0, new_stream.frame(true, 1)[0], {}, kStart + 1s);
  ASSERT_TRUE(before && after);
  EXPECT_NE(before->generation, after->generation);
  EXPECT_GT(after->sequence, before->sequence);
  EXPECT_EQ(after->sequence & 0xffff, 5);
  const auto clock = track.state(kStart + 1s).clocks[0];
  EXPECT_EQ(after->timestamp + clock.to_reference, before->timestamp + 90000);
}

TEST(PublishedTrack, FollowsSpatialLayersInsideAnEncoding) {
  PublishedTrack track({rtp::Codec::Vp9, 90000, 1, false});
  SvcStream stream({.spatial_layers = 3});
  for (const Bytes& bytes : stream.picture(true, 2)) track.receive(0, bytes, {}, kStart);
  const TrackState state = track.state(kStart);
  EXPECT_TRUE(state.svc);
  EXPECT_EQ(state.alive, 0b011);
  EXPECT_GT(track.layer_bitrate(1, kStart).bps, 0u);
  EXPECT_EQ(track.layer_bitrate(2, kStart).bps, 0u);
}

TEST(PublishedTrack, ReadsTheDependencyDescriptorOfAv1) {
  PublishedTrack track({rtp::Codec::Av1, 90000, 1, false});
  SvcStream stream({.spatial_layers = 2, .vp9 = false, .descriptors = true});
  const auto bytes = stream.picture(true, 2);
  const auto low = track.receive(0, bytes[0], {kDescriptorId}, kStart);
  const auto high = track.receive(0, bytes[1], {kDescriptorId}, kStart);
  ASSERT_TRUE(low && high);
  EXPECT_TRUE(low->has_dependency);
  EXPECT_TRUE(low->descriptor.keyframe);
  EXPECT_FALSE(high->descriptor.keyframe);
  EXPECT_EQ(high->descriptor.spatial, 1);
  EXPECT_FALSE(high->descriptor_bytes.empty());
  EXPECT_EQ(track.state(kStart).alive, 0b011);
}

}  // namespace
}  // namespace gstlk::forward
