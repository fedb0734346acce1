// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/downtrack.h"

#include <gtest/gtest.h>

#include "forwarding.h"

namespace gstlk::forward {
namespace {

using test::Forwarding;
using test::rtp_packet;
using test::SvcStream;
using test::Vp8Stream;

struct Simulcast : Forwarding {
  explicit Simulcast(DownTrackConfig config = {.first_sequence = 65530, .first_timestamp = 1000})
      : Forwarding({rtp::Codec::Vp8, 90000, 3, false}, config) {}

  // A frame of every encoding, 33 ms after the last; gives how many packets were forwarded.
  size_t frames(std::initializer_list<uint8_t> keyframes = {}) {
    now += 33ms;
    size_t forwarded = 0;
    for (uint8_t e = 0; e < 3; ++e)
      forwarded += handle(e, streams[e].frame(std::ranges::count(keyframes, e) > 0, 2));
    return forwarded;
  }
  void report(uint8_t encoding) {
    published.handle_sender_report(encoding, NtpTime{to_ntp_interval(now.time_since_epoch())},
                                   streams[encoding].timestamp(), now);
  }

  Vp8Stream streams[3] = {{1, 100, 50'000}, {2, 30'000, 4'000'000'000}, {3, 65'000, 7}};
};

TEST(DownTrack, ForwardsNothingBeforeAKeyframe) {
  Simulcast track;
  EXPECT_EQ(track.frames(), 0u);
  EXPECT_EQ(track.last_drop, DropReason::NeedsKeyframe);
  EXPECT_FALSE(track.down.current_layer());
  EXPECT_GT(track.frames({0}), 0u);
}

TEST(DownTrack, StartsWithTheNumbersItWasGiven) {
  Simulcast track;
  track.frames({0});
  const auto& first = track.received.packets().begin()->second;
  EXPECT_EQ(first.rewrite.sequence, 65530);
  EXPECT_EQ(first.rewrite.timestamp, 1000u);
}

TEST(DownTrack, TakesALowerKeyframeUntilTheWantedOneComes) {
  Simulcast track;
  track.frames();
  track.frames({0});
  EXPECT_EQ(track.down.current_layer()->spatial, 0);
  EXPECT_EQ(track.down.target_layer().spatial, 2);
  track.frames({2});
  EXPECT_EQ(track.down.current_layer()->spatial, 2);
  EXPECT_EQ(track.down.stats().switches, 1u);
  EXPECT_EQ(track.received.holes(), 0u);
}

TEST(DownTrack, GoesDownOnAKeyframeOfTheLowerEncodingOnly) {
  Simulcast track;
  track.frames();
  track.frames({2});
  track.down.set_max_layer({0, 2});
  track.frames();
  EXPECT_EQ(track.down.current_layer()->spatial, 2);
  track.frames({0});
  EXPECT_EQ(track.down.current_layer()->spatial, 0);
}

TEST(DownTrack, AsksForAKeyframeOfTheTargetUntilItComes) {
  Simulcast track;
  track.frames();
  EXPECT_EQ(track.down.poll_keyframe_request(track.now), 2);
  EXPECT_FALSE(track.down.poll_keyframe_request(track.now + 199ms));
  EXPECT_EQ(track.down.next_timeout(), track.now + 200ms);
  EXPECT_EQ(track.down.poll_keyframe_request(track.now + 200ms), 2);
  track.frames({2});
  EXPECT_FALSE(track.down.next_timeout());
  track.down.set_max_layer({1, 2});
  EXPECT_EQ(track.down.poll_keyframe_request(track.now), 1);
}

TEST(DownTrack, RepeatsRequestsBySlowRoundTrips) {
  Simulcast track;
  track.down.set_round_trip(300ms);
  track.down.poll_keyframe_request(track.now);
  EXPECT_EQ(track.down.next_timeout(), track.now + 600ms);
}

TEST(DownTrack, FallsToALowerEncodingWhenTheWantedOneStops) {
  Simulcast track;
  track.frames({0, 1, 2});
  for (int i = 0; i < 30; ++i) {
    track.now += 33ms;
    track.handle(0, track.streams[0].frame(false, 2));
    track.handle(1, track.streams[1].frame(false, 2));
  }
  EXPECT_EQ(track.down.target_layer().spatial, 1);
  EXPECT_EQ(track.down.poll_keyframe_request(track.now), 1);
  track.handle(1, track.streams[1].frame(true, 2));
  EXPECT_EQ(track.down.current_layer()->spatial, 1);
}

TEST(DownTrack, TakesAHigherEncodingWhenNoLowerOneIsAlive) {
  Simulcast track({.max_layer = {0, 2}});
  for (int i = 0; i < 3; ++i) {
    track.now += 33ms;
    track.handle(1, track.streams[1].frame(i == 2, 2));
  }
  EXPECT_EQ(track.down.current_layer()->spatial, 1);
}

TEST(DownTrack, LeavesOutTemporalLayersWithoutAHole) {
  Simulcast track({.max_layer = {2, 1}});
  track.frames({2});
  for (int i = 0; i < 12; ++i) track.frames();
  EXPECT_EQ(track.received.holes(), 0u);
  EXPECT_EQ(track.received.size(), 2u * 7);
  for (const auto& [number, packet] : track.received.packets())
    EXPECT_LE(packet.original.temporal, 1);
}

TEST(DownTrack, RaisesTemporalLayersWhereTheStreamAllowsIt) {
  Simulcast track({.max_layer = {2, 0}});
  track.frames({2});
  for (int i = 0; i < 8; ++i) track.frames();
  EXPECT_EQ(track.down.current_layer()->temporal, 0);
  track.down.set_max_layer({2, 2});
  for (int i = 0; i < 8; ++i) track.frames();
  EXPECT_EQ(track.down.current_layer()->temporal, 2);
}

TEST(DownTrack, DoesNotStartAtAKeyframeWhoseFirstPacketCameLate) {
  Simulcast track;
  const auto keyframe = track.streams[2].frame(true, 3);
  EXPECT_FALSE(track.handle(2, keyframe[1]));
  EXPECT_FALSE(track.handle(2, keyframe[2]));
  EXPECT_FALSE(track.handle(2, keyframe[0]));
  EXPECT_TRUE(track.down.poll_keyframe_request(track.now + 1s));
  EXPECT_EQ(track.frames({2}), 2u);
}

TEST(DownTrack, GoesOnWhenTheSenderStartsOverUnderItsSsrc) {
  Forwarding audio({rtp::Codec::Opus, 48000, 1, false}, {.first_sequence = 7});
  EXPECT_TRUE(audio.handle(0, rtp_packet().seq(30'000).payload({1}).bytes()));
  EXPECT_TRUE(audio.handle(0, rtp_packet().seq(15'000).payload({1}).bytes()));
  EXPECT_TRUE(audio.handle(0, rtp_packet().seq(15'001).payload({1}).bytes()));
  EXPECT_EQ(audio.received.last().rewrite.sequence, 9);
}

TEST(DownTrack, ForwardsALatePacketUnderItsOwnNumber) {
  Simulcast track;
  track.frames({2});
  const auto frame = track.streams[2].frame(false, 3);
  track.handle(2, frame[0]);
  track.handle(2, frame[2]);
  EXPECT_EQ(track.received.holes(), 1u);
  EXPECT_TRUE(track.handle(2, frame[1]));
  EXPECT_EQ(track.received.holes(), 0u);
  EXPECT_FALSE(track.handle(2, frame[1]));
  EXPECT_EQ(track.last_drop, DropReason::TooLate);
}

TEST(DownTrack, ClosesOverPadding) {
  Simulcast track;
  track.frames({2});
  auto frame = track.streams[2].frame(false, 3);
  const auto view = rtp::PacketView::parse(frame[1]);
  const Bytes padding = rtp_packet()
                            .ssrc(Ssrc(3))
                            .seq(view->sequence_number())
                            .timestamp(view->timestamp())
                            .padding(100)
                            .bytes();
  track.handle(2, frame[0]);
  EXPECT_FALSE(track.handle(2, padding));
  track.handle(2, frame[2]);
  EXPECT_EQ(track.received.holes(), 0u);
}

TEST(DownTrack, SendsNothingWhilePausedAndGoesOnWithAKeyframe) {
  Simulcast track;
  track.frames({2});
  track.down.set_paused(true);
  EXPECT_EQ(track.frames({2}), 0u);
  EXPECT_FALSE(track.down.poll_keyframe_request(track.now));
  const uint32_t before = track.received.last().rewrite.timestamp;
  for (int i = 0; i < 29; ++i) track.frames();
  track.down.set_paused(false);
  EXPECT_EQ(track.frames(), 0u);
  EXPECT_EQ(track.down.poll_keyframe_request(track.now), 2);
  EXPECT_EQ(track.frames({2}), 2u);
  EXPECT_EQ(track.received.holes(), 0u);
  EXPECT_EQ(track.received.last().rewrite.timestamp - before, 32u * 3000);
}

TEST(DownTrack, TakesTheWallClockWhenThePublishersClockStoodStill) {
  Simulcast track;
  track.frames({2});
  const uint32_t before = track.received.last().rewrite.timestamp;
  track.now += 10s;
  track.handle(2, track.streams[2].frame(true, 1));
  EXPECT_NEAR(track.received.last().rewrite.timestamp - before, 10.0 * 90000, 1);
}

TEST(DownTrack, KeepsTimeOverASwitchBySenderReports) {
  Simulcast track;
  track.frames();
  for (uint8_t e = 0; e < 3; ++e) track.report(e);
  track.frames({0});
  const uint32_t before = track.received.last().rewrite.timestamp;
  track.frames();
  track.now += 25ms;  // arrives late; the sender reports know better
  track.frames({2});
  // A millisecond after the frame of encoding 0 that was captured at the same moment.
  EXPECT_EQ(track.received.last().rewrite.timestamp - before, 6090u);
}

TEST(DownTrack, PassesOverOneKeyframeThatWouldSetTimeBack) {
  Simulcast track;
  track.frames();
  for (uint8_t e = 0; e < 3; ++e) track.report(e);
  track.frames({0});
  for (int i = 0; i < 5; ++i) {  // encoding 2 stays behind
    track.now += 33ms;
    track.handle(0, track.streams[0].frame(false, 2));
  }
  // Parameter sets, then the picture, both with the marks of a keyframe.
  const auto sets = track.streams[2].frame(true, 1);
  EXPECT_EQ(track.handle(2, sets), 0u);
  EXPECT_EQ(track.handle(2, track.streams[2].frame(true, 2, 0)), 0u);
  EXPECT_EQ(track.down.current_layer()->spatial, 0);
  EXPECT_EQ(track.handle(2, track.streams[2].frame(true, 2)), 2u);
  const auto& packets = track.received.packets();
  const auto last = std::prev(packets.end(), 2);
  EXPECT_EQ(last->second.rewrite.timestamp, std::prev(last)->second.rewrite.timestamp + 90);
}

TEST(DownTrack, WaitsForAKeyframeWhenTheEncodingBeginsAnew) {
  Simulcast track;
  track.frames({2});
  track.streams[2] = Vp8Stream(44, 9, 9);
  EXPECT_EQ(track.frames(), 0u);
  EXPECT_EQ(track.frames({2}), 2u);
  EXPECT_EQ(track.received.holes(), 0u);
}

// As when the last encoding left and came back, or one more came: what follows has lower numbers.
TEST(DownTrack, GoesOnWhenThePublishedTrackIsMadeAnew) {
  Simulcast track;
  track.frames({2});
  for (uint16_t i = 1; i <= 6; ++i) {
    track.streams[2] = Vp8Stream(44, static_cast<uint16_t>(i * 30'000), 9);
    track.frames({2});
  }
  const size_t holes = track.received.holes();
  const auto renew = [&] {
    PublishedTrackConfig config = track.published.config();
    config.start = track.published.next_start();
    track.published = PublishedTrack(config);
  };
  EXPECT_FALSE(track.down.poll_keyframe_request(track.now));
  renew();
  EXPECT_EQ(track.frames(), 0u);
  track.now += 1s;
  EXPECT_EQ(track.down.poll_keyframe_request(track.now), 2);
  EXPECT_EQ(track.frames({2}), 2u);
  EXPECT_FALSE(track.down.poll_keyframe_request(track.now));
  renew();
  EXPECT_EQ(track.frames({2}), 2u);
  EXPECT_EQ(track.received.holes(), holes);

  Forwarding audio({rtp::Codec::Opus, 48000, 1, false}, {.first_sequence = 7});
  EXPECT_TRUE(audio.handle(0, rtp_packet().seq(3000).payload({1}).bytes()));
  audio.published = PublishedTrack(
      {.codec = rtp::Codec::Opus, .clock_rate = 48000, .start = audio.published.next_start()});
  EXPECT_TRUE(audio.handle(0, rtp_packet().seq(2000).payload({1}).bytes()));
  EXPECT_EQ(audio.received.last().rewrite.sequence, 8);
}

TEST(DownTrack, GoesOnWithTheTimeOfTheStreamBefore) {
  Forwarding audio(
      {rtp::Codec::Opus, 48000, 1, false},
      {.first_sequence = 7, .first_timestamp = 1000, .first_timestamp_at = Timestamp(1000s)});
  audio.now = Timestamp(1000s) + 500ms;
  EXPECT_TRUE(audio.handle(0, rtp_packet().seq(3000).payload({1}).bytes()));
  EXPECT_EQ(audio.received.last().rewrite.timestamp, 1000u + 24'000u);
}

TEST(DownTrack, SendsAgainExactlyWhatItSent) {
  Simulcast track({.max_layer = {2, 1}});
  track.frames({2});
  for (int i = 0; i < 10; ++i) track.frames();
  const auto& last = track.received.last();
  EXPECT_FALSE(track.down.on_nack(last.rewrite.sequence, track.now));
  const auto again = track.down.on_nack(last.rewrite.sequence, track.now + 100ms);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->rewrite, last.rewrite);
  EXPECT_EQ(again->sequence, last.source);
  EXPECT_EQ(again->encoding, 2);
  EXPECT_FALSE(track.down.on_nack(12345, track.now + 100ms));
}

TEST(DownTrack, TranslatesTimestampsOfTheEncodingThatItSends) {
  Simulcast track;
  track.frames({2});
  EXPECT_EQ(track.down.to_out_timestamp(2, track.streams[2].timestamp()), 1000u);
  EXPECT_EQ(track.down.to_out_timestamp(2, track.streams[2].timestamp() - 500), 500u);
  EXPECT_FALSE(track.down.to_out_timestamp(0, 1));
}

TEST(DownTrack, ForwardsAudioFromTheFirstPacketAndOverAPause) {
  Forwarding audio({rtp::Codec::Opus, 48000, 1, false}, {.first_sequence = 7});
  uint16_t seq = 65500;
  const auto packet = [&] {
    audio.now += 20ms;
    ++seq;
    return rtp_packet().seq(seq).timestamp(seq * 960u).payload({1, 2}).bytes();
  };
  EXPECT_TRUE(audio.handle(0, packet()));
  EXPECT_EQ(audio.received.last().rewrite.sequence, 7);
  const uint32_t before = audio.received.last().rewrite.timestamp;
  audio.down.set_paused(true);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(audio.handle(0, packet()));
  audio.down.set_paused(false);
  EXPECT_TRUE(audio.handle(0, packet()));
  EXPECT_EQ(audio.received.last().rewrite.sequence, 8);
  EXPECT_EQ(audio.received.last().rewrite.timestamp - before, 21 * 960u);
  EXPECT_FALSE(audio.down.poll_keyframe_request(audio.now));
}

TEST(DownTrack, CutsVp9SpatialLayersAndMovesTheMarker) {
  Forwarding svc({rtp::Codec::Vp9, 90000, 1, false}, {.max_layer = {1, 7}});
  SvcStream stream({.spatial_layers = 3});
  for (int i = 0; i < 6; ++i) {
    svc.now += 33ms;
    EXPECT_EQ(svc.handle(0, stream.picture(i == 0, 3)), 2u);
  }
  EXPECT_EQ(svc.received.holes(), 0u);
  for (const auto& [number, packet] : svc.received.packets())
    EXPECT_EQ(packet.rewrite.marker, packet.original.spatial == 1);
}

TEST(DownTrack, GoesDownInVp9WithoutAndUpWithAKeyframe) {
  Forwarding svc({rtp::Codec::Vp9, 90000, 1, false}, {});
  SvcStream stream({.spatial_layers = 3});
  svc.handle(0, stream.picture(true, 3));
  svc.down.set_max_layer({0, 7});
  EXPECT_EQ(svc.handle(0, stream.picture(false, 3)), 1u);
  EXPECT_FALSE(svc.down.poll_keyframe_request(svc.now));
  svc.down.set_max_layer({2, 7});
  EXPECT_EQ(svc.handle(0, stream.picture(false, 3)), 1u);
  EXPECT_EQ(svc.down.poll_keyframe_request(svc.now), 0);
  EXPECT_EQ(svc.handle(0, stream.picture(true, 3)), 3u);
  EXPECT_FALSE(svc.down.next_timeout());
}

TEST(DownTrack, LeavesOutVp9TemporalLayers) {
  Forwarding svc({rtp::Codec::Vp9, 90000, 1, false}, {.max_layer = {2, 0}});
  SvcStream stream({.spatial_layers = 3});
  size_t forwarded = 0;
  for (int i = 0; i < 6; ++i) forwarded += svc.handle(0, stream.picture(i == 0, 3));
  EXPECT_EQ(forwarded, 9u);
  EXPECT_EQ(svc.received.holes(), 0u);
}

struct Av1 : Forwarding {
  explicit Av1(Layer max, bool key_only = true)
      : Forwarding({rtp::Codec::Av1, 90000, 1, false}, {.max_layer = max}),
        stream({.spatial_layers = 3, .key_only = key_only, .vp9 = false, .descriptors = true}) {}
  size_t picture(bool keyframe, uint8_t layers = 3) {
    now += 33ms;
    return handle(0, stream.picture(keyframe, layers));
  }
  SvcStream stream;
};

TEST(DownTrack, ForwardsWhatTheDecodeTargetNeeds) {
  Av1 k_svc({1, 7});
  EXPECT_EQ(k_svc.picture(true), 2u);   // layers 0 and 1 of the keyframe
  EXPECT_EQ(k_svc.picture(false), 1u);  // then layer 1 alone
  EXPECT_TRUE(k_svc.received.last().rewrite.marker);
  Av1 full({1, 7}, false);
  EXPECT_EQ(full.picture(true), 2u);
  EXPECT_EQ(full.picture(false), 2u);
}

TEST(DownTrack, TellsTheActiveDecodeTargetsOnceItRestrictsThem) {
  Av1 track({1, 0});
  track.picture(true);
  const auto& edit = track.received.last().rewrite.descriptor;
  EXPECT_TRUE(edit.present);
  EXPECT_EQ(edit.target_count, 6);
  EXPECT_EQ(edit.active_targets, 0b000101u);
  EXPECT_EQ(edit.frame_number, 202);
  Av1 whole({2, 7});
  whole.picture(true);
  EXPECT_FALSE(whole.received.last().rewrite.descriptor.present);
}

TEST(DownTrack, NeedsAKeyframeWhereAChainIsBroken) {
  Av1 track({0, 7});
  track.picture(true);
  track.picture(false);
  EXPECT_FALSE(track.down.poll_keyframe_request(track.now));
  track.down.set_max_layer({2, 7});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(track.picture(false), 1u);
  EXPECT_EQ(track.down.current_layer()->spatial, 0);
  EXPECT_EQ(track.down.poll_keyframe_request(track.now), 0);
  EXPECT_EQ(track.picture(true), 3u);
  EXPECT_EQ(track.down.current_layer()->spatial, 2);
}

// In k-SVC the lower layers were not forwarded for the higher one: their chains are broken too.
TEST(DownTrack, NeedsAKeyframeToGoDownInKeySvc) {
  Av1 track({2, 7});
  track.picture(true);
  for (int i = 0; i < 3; ++i) track.picture(false);
  EXPECT_FALSE(track.down.poll_keyframe_request(track.now));
  track.down.set_max_layer({1, 7});
  EXPECT_EQ(track.picture(false), 1u);
  EXPECT_EQ(track.down.current_layer()->spatial, 2);
  EXPECT_EQ(track.down.poll_keyframe_request(track.now), 0);
  EXPECT_EQ(track.picture(true), 2u);
  EXPECT_EQ(track.down.current_layer()->spatial, 1);
  EXPECT_FALSE(track.down.poll_keyframe_request(track.now + 5s));
}

TEST(DownTrack, AsksForNoKeyframeWhileTheLowestActiveLayerIsAboveTheWantedOne) {
  Av1 track({0, 7});
  track.stream.set_active_targets(0b111100);
  EXPECT_EQ(track.picture(true), 2u);  // of the keyframe, what layer 1 refers to as well
  EXPECT_EQ(track.down.current_layer()->spatial, 1);
  EXPECT_FALSE(track.down.poll_keyframe_request(track.now));
}

TEST(DownTrack, GoesDownInFullSvcWithoutAKeyframe) {
  Av1 track({2, 7}, false);
  track.picture(true);
  EXPECT_EQ(track.picture(false), 3u);
  track.down.set_max_layer({0, 7});
  EXPECT_EQ(track.picture(false), 1u);
  EXPECT_EQ(track.received.holes(), 0u);
}

TEST(DownTrack, GoesOnWithFrameNumbersAtARestart) {
  Av1 track({2, 7});
  track.picture(true);
  track.down.set_paused(true);
  for (int i = 0; i < 10; ++i) track.picture(false);
  track.down.set_paused(false);
  track.picture(true);
  const auto& packets = track.received.packets();
  EXPECT_EQ(std::next(packets.begin(), 3)->second.rewrite.descriptor.frame_number, 204);
}

TEST(DownTrack, IsSmall) {
  constexpr size_t kMapEntry = 4;
  constexpr size_t kHistoryEntry = 20;
  EXPECT_LE(sizeof(DownTrack) + 64 * (kMapEntry + kHistoryEntry), 3000u);
  EXPECT_LE(sizeof(DownTrack) + sizeof(LayerSelector) + sizeof(Vp8Rewriter) +
                sizeof(DependencySelector) + 256 * kMapEntry + 512 * kHistoryEntry,
            15'000u);
}

}  // namespace
}  // namespace gstlk::forward
