// SPDX-License-Identifier: LGPL-2.1-or-later
// What a track does with its part of an uplink, without a room.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <string>

#include "base/time.h"
#include "plugins/livekit/local_track.h"
#include "tests/elements/track_pipeline.h"

namespace gstlk::client {
namespace {

constexpr Bitrate kPlenty{10'000'000};

class UplinkTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  // Sixths of what its encodings may have at most: three encodings need one and a half at least.
  static Bitrate sixths(TrackPipeline& pipeline, uint64_t part) {
    return Bitrate{pipeline.track().max_bitrate().bps / 6 * part};
  }
  static bool is_sent(TrackPipeline& pipeline, const std::string& rid) {
    for (const EncodingStats& encoding : pipeline.track().stats().encodings)
      if (encoding.rid == rid) return encoding.enabled;
    return false;
  }

  Timestamp now_{};
};

// What has no room for the number is not told of in feedback, and there is no estimate.
TEST_F(UplinkTest, EachPacketHasRoomForItsTransportWideNumber) {
  for (const std::string& source : {kLargeVideo, kSmallVideo}) {
    TrackPipeline pipeline(MediaKind::Video, source, vp8());
    pipeline.connect();
    ASSERT_TRUE(eventually([&] { return !pipeline.capture().streams().empty(); }));
    for (int binding = 0; binding < 2; ++binding) {
      pipeline.capture().clear();
      const auto packets = [&] { return pipeline.capture().streams().begin()->second.packets; };
      ASSERT_TRUE(
          eventually([&] { return !pipeline.capture().streams().empty() && packets() > 5; }));
      for (const auto& [ssrc, stream] : pipeline.capture().streams())
        EXPECT_EQ(stream.numbered, stream.packets) << stream.rid << " of binding " << binding;
      pipeline.track().set_connected(false);
      pipeline.connect();
    }
  }
}

TEST_F(UplinkTest, ALayerThatItDoesNotCarryRestsAndComesBackWithAKeyframe) {
  TrackPipeline pipeline(MediaKind::Video, kLargeVideo, vp8(), rtp::parse_vp8);
  pipeline.connect();
  for (const char* rid : {"q", "h", "f"}) ASSERT_TRUE(pipeline.encodes(rid)) << rid;
  pipeline.track().set_bitrate(sixths(pipeline, 1), now_);
  EXPECT_TRUE(eventually([&] { return pipeline.rests("f"); }));
  EXPECT_TRUE(pipeline.encodes("h"));
  EXPECT_TRUE(pipeline.encodes("q"));
  EXPECT_FALSE(is_sent(pipeline, "f"));

  pipeline.capture().clear();
  pipeline.track().set_bitrate(kPlenty, now_ += 1s);
  EXPECT_FALSE(is_sent(pipeline, "f"));
  pipeline.track().set_bitrate(kPlenty, now_ += 3s);
  EXPECT_TRUE(pipeline.encodes("f"));
  EXPECT_TRUE(eventually([&] { return pipeline.capture().by_rid("f").packets > 0; }));
  EXPECT_TRUE(pipeline.capture().by_rid("f").begins_with_keyframe);
  EXPECT_EQ(pipeline.capture().by_rid("q").keyframes, 0);
}

TEST_F(UplinkTest, AnEncodedLayerThatItDoesNotCarryRestsAndComesBackWithAKeyframe) {
  const std::string encoder = " ! vp8enc deadline=1 cpu-used=8 keyframe-max-dist=3000";
  TrackPipeline pipeline(MediaKind::Video, {video(160, 90, 15) + encoder, kSmallVideo + encoder},
                         {}, rtp::parse_vp8);
  pipeline.connect();
  for (const char* rid : {"q", "h"}) ASSERT_TRUE(pipeline.encodes(rid)) << rid;
  pipeline.track().set_bitrate(kPlenty, now_);
  ASSERT_TRUE(pipeline.encodes("h"));
  pipeline.track().set_bitrate(kPlenty, now_ += 1s);
  EXPECT_TRUE(is_sent(pipeline, "h"));
  pipeline.track().set_bitrate(Bitrate{1}, now_ += 500ms);
  EXPECT_FALSE(is_sent(pipeline, "h"));
  EXPECT_TRUE(pipeline.rests("h"));
  EXPECT_TRUE(pipeline.encodes("q"));

  pipeline.capture().clear();
  pipeline.track().set_bitrate(kPlenty, now_ += 1s);
  EXPECT_FALSE(is_sent(pipeline, "h"));
  pipeline.track().set_bitrate(kPlenty, now_ += 3s);
  EXPECT_TRUE(is_sent(pipeline, "h"));
  EXPECT_TRUE(pipeline.encodes("h"));
  EXPECT_TRUE(eventually([&] { return pipeline.capture().by_rid("h").packets > 0; }));
  EXPECT_TRUE(pipeline.capture().by_rid("h").begins_with_keyframe);
  EXPECT_EQ(pipeline.capture().by_rid("q").keyframes, 0);
}

// Other than of raw video its bitrate is not known beforehand.
TEST_F(UplinkTest, AnEncodedTrackWantsAsMuchAsComes) {
  const std::string encoder = " ! vp8enc deadline=1 cpu-used=8";
  const std::string noise = video(320, 180, 30, "snow") + encoder + " target-bitrate=8000000";
  TrackPipeline pipeline(MediaKind::Video, {video(160, 90, 15) + encoder, noise});
  pipeline.connect();
  const Bitrate guess = pipeline.track().max_bitrate();
  pipeline.track().set_bitrate(kPlenty, now_);
  ASSERT_TRUE(pipeline.encodes("h", 30));
  pipeline.track().set_bitrate(kPlenty, now_ += 1s);
  EXPECT_GT(pipeline.track().max_bitrate(), guess);
  EXPECT_TRUE(is_sent(pipeline, "h"));
}

TEST_F(UplinkTest, ALayerThatItDoesNotCarryStaysShutWhenSubscribersWantIt) {
  TrackPipeline pipeline(MediaKind::Video, kLargeVideo, vp8());
  pipeline.connect();
  pipeline.track().set_bitrate(sixths(pipeline, 1), now_);
  pipeline.track().enable(::livekit::HIGH, false);
  pipeline.track().set_bitrate(kPlenty, now_ += 60s);
  EXPECT_FALSE(is_sent(pipeline, "f"));
  pipeline.track().enable(::livekit::HIGH, true);
  EXPECT_FALSE(is_sent(pipeline, "f"));
  pipeline.track().set_bitrate(kPlenty, now_ += 500ms);
  pipeline.track().set_bitrate(kPlenty, now_ += 3s);
  EXPECT_TRUE(is_sent(pipeline, "f"));
}

TEST_F(UplinkTest, ALayerThatNobodyWantsStaysShutWhateverItCarries) {
  TrackPipeline pipeline(MediaKind::Video, kLargeVideo, vp8());
  pipeline.connect();
  pipeline.track().enable(::livekit::HIGH, false);
  for (int i = 0; i < 10; ++i) pipeline.track().set_bitrate(kPlenty, now_ += 5s);
  EXPECT_FALSE(is_sent(pipeline, "f"));
  EXPECT_TRUE(is_sent(pipeline, "h"));
}

TEST_F(UplinkTest, ANewConnectionBeginsWithAllLayers) {
  TrackPipeline pipeline(MediaKind::Video, kLargeVideo, vp8());
  pipeline.connect();
  pipeline.track().set_bitrate(Bitrate{}, now_);
  EXPECT_FALSE(is_sent(pipeline, "h"));
  EXPECT_TRUE(is_sent(pipeline, "q"));
  pipeline.track().set_connected(false);
  pipeline.track().set_connected(true);
  EXPECT_TRUE(is_sent(pipeline, "f"));
  pipeline.track().set_bitrate(kPlenty, now_);
  EXPECT_TRUE(is_sent(pipeline, "f"));
}

}  // namespace
}  // namespace gstlk::client
