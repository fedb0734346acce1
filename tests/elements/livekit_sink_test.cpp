// SPDX-License-Identifier: LGPL-2.1-or-later
// The chain from a sink pad of livekitsink to RTP, without a room.
#include <gst/gst.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include "base/ref.h"
#include "plugins/livekit/local_track.h"
#include "tests/elements/buffer_count.h"
#include "tests/elements/rtp_capture.h"
#include "tests/elements/track_pipeline.h"

namespace gstlk::client {
namespace {

class LocalTrackTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
};

TEST_F(LocalTrackTest, SendsALargePictureInThreeEncodings) {
  TrackPipeline pipeline(MediaKind::Video, kLargeVideo, vp8(), rtp::parse_vp8);
  pipeline.connect();
  ASSERT_TRUE(eventually([&] {
    const auto streams = pipeline.capture().streams();
    return streams.size() == 3 &&
           std::ranges::all_of(streams, [](const auto& entry) { return entry.second.packets > 5; });
  }));
  EXPECT_EQ(pipeline.capture().by_rid("q").width, 240);
  EXPECT_EQ(pipeline.capture().by_rid("h").width, 480);
  EXPECT_EQ(pipeline.capture().by_rid("f").width, 960);
  for (const auto& [ssrc, stream] : pipeline.capture().streams()) {
    EXPECT_EQ(stream.mid, "7");
    EXPECT_TRUE(stream.begins_with_keyframe) << stream.rid;
    EXPECT_LE(stream.largest, 1200u);
  }
}

TEST_F(LocalTrackTest, GivesAFrameOneTimestampInAllEncodings) {
  TrackPipeline pipeline(MediaKind::Video, kLargeVideo, vp8());
  pipeline.connect();
  EXPECT_TRUE(eventually([&] {
    const auto low = pipeline.capture().by_rid("q").timestamps;
    const auto middle = pipeline.capture().by_rid("h").timestamps;
    const auto high = pipeline.capture().by_rid("f").timestamps;
    return std::ranges::count_if(
               low, [&](uint32_t t) { return middle.contains(t) && high.contains(t); }) > 5;
  }));
}

TEST_F(LocalTrackTest, OffersItsEncodingsLowestFirst) {
  TrackPipeline pipeline(MediaKind::Video, kLargeVideo, vp8());
  pipeline.connect();
  const GstStructure* caps = gst_caps_get_structure(pipeline.offered(), 0);
  EXPECT_STREQ(gst_structure_get_string(caps, "a-simulcast"), "send q;h;f");
  EXPECT_STREQ(gst_structure_get_string(caps, "a-mid"), "7");
  EXPECT_STREQ(gst_structure_get_string(caps, "extmap-4"),
               "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01");
}

TEST_F(LocalTrackTest, SendsASmallPictureInOneEncodingWithoutRid) {
  TrackPipeline pipeline(MediaKind::Video, kSmallVideo, vp8());
  pipeline.connect();
  ASSERT_TRUE(eventually([&] { return pipeline.capture().by_rid("").packets > 5; }));
  ASSERT_EQ(pipeline.capture().streams().size(), 1u);
  const auto [ssrc, stream] = *pipeline.capture().streams().begin();
  guint offered = 0;
  const GstStructure* caps = gst_caps_get_structure(pipeline.offered(), 0);
  ASSERT_TRUE(gst_structure_get_uint(caps, "ssrc", &offered));
  EXPECT_EQ(ssrc, offered);
  EXPECT_FALSE(gst_structure_has_field(caps, "a-simulcast"));
}

TEST_F(LocalTrackTest, EncodesNothingBeforeItIsConnectedAndHoldsNobodyUp) {
  TrackPipeline pipeline(MediaKind::Video, kSmallVideo, vp8());
  ASSERT_TRUE(eventually([&] { return pipeline.track().format().has_value(); }));
  const auto source_pad = Ref<GstPad>::adopt(gst_element_get_static_pad(pipeline.source(), "src"));
  std::atomic<int> passed = 0;
  count_buffers(source_pad.get(), passed);
  EXPECT_TRUE(eventually([&] { return passed > 10; }));
  EXPECT_EQ(pipeline.frames(""), 0u);
  EXPECT_TRUE(pipeline.capture().streams().empty());
  pipeline.connect();
  EXPECT_TRUE(pipeline.encodes(""));
  pipeline.track().set_connected(false);
  EXPECT_TRUE(pipeline.rests(""));
  const int before = passed;
  EXPECT_TRUE(eventually([&] { return passed > before + 10; }));
}

TEST_F(LocalTrackTest, DoesNotEncodeALayerThatNobodyWatches) {
  TrackPipeline pipeline(MediaKind::Video, kLargeVideo, vp8(), rtp::parse_vp8);
  pipeline.connect();
  for (const char* rid : {"q", "h", "f"}) ASSERT_TRUE(pipeline.encodes(rid)) << rid;
  pipeline.track().enable(::livekit::MEDIUM, false);
  EXPECT_TRUE(pipeline.rests("h"));
  EXPECT_TRUE(pipeline.encodes("q"));
  EXPECT_TRUE(pipeline.encodes("f"));

  pipeline.capture().clear();
  pipeline.track().enable(::livekit::MEDIUM, true);
  EXPECT_TRUE(pipeline.encodes("h"));
  EXPECT_TRUE(eventually([&] { return pipeline.capture().by_rid("h").packets > 0; }));
  EXPECT_TRUE(pipeline.capture().by_rid("h").begins_with_keyframe);
  EXPECT_EQ(pipeline.capture().by_rid("q").keyframes, 0);
  EXPECT_EQ(pipeline.capture().by_rid("f").keyframes, 0);
}

TEST_F(LocalTrackTest, DoesNotEncodeWhileItIsMuted) {
  TrackPipeline pipeline(MediaKind::Video, kSmallVideo, vp8(), rtp::parse_vp8);
  pipeline.connect();
  ASSERT_TRUE(pipeline.encodes(""));
  pipeline.track().set_muted(true);
  EXPECT_TRUE(pipeline.rests(""));
  pipeline.capture().clear();
  pipeline.track().set_muted(false);
  EXPECT_TRUE(pipeline.encodes(""));
  EXPECT_TRUE(pipeline.capture().by_rid("").begins_with_keyframe);
}

TEST_F(LocalTrackTest, GivesTheKeyframeThatIsAskedForInThatEncodingAlone) {
  TrackPipeline pipeline(MediaKind::Video, kLargeVideo, vp8(), rtp::parse_vp8);
  pipeline.connect();
  for (const char* rid : {"q", "h", "f"})
    ASSERT_TRUE(eventually([&] { return pipeline.capture().by_rid(rid).packets > 5; })) << rid;
  const uint32_t ssrc = pipeline.capture().ssrc_of("h");
  pipeline.capture().clear();
  // As rtpsession makes it of a PLI.
  GstStructure* structure =
      gst_structure_new("GstForceKeyUnit", "ssrc", G_TYPE_UINT, ssrc, "payload", G_TYPE_UINT, 96u,
                        "all-headers", G_TYPE_BOOLEAN, TRUE, nullptr);
  gst_pad_push_event(pipeline.sink_pad(),
                     gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM, structure));
  EXPECT_TRUE(eventually([&] { return pipeline.capture().by_rid("h").keyframes == 1; }));
  EXPECT_TRUE(pipeline.encodes("q"));
  EXPECT_TRUE(pipeline.encodes("f"));
  EXPECT_EQ(pipeline.capture().by_rid("q").keyframes, 0);
  EXPECT_EQ(pipeline.capture().by_rid("f").keyframes, 0);
}

TEST_F(LocalTrackTest, SharesABitrateOutFromTheLowest) {
  TrackPipeline pipeline(MediaKind::Video, kLargeVideo, vp8());
  pipeline.connect();
  ASSERT_TRUE(pipeline.encodes("q"));
  const uint64_t most = pipeline.track().max_bitrate().bps;
  pipeline.track().set_bitrate(Bitrate{most / 2}, {});
  const auto stats = pipeline.track().stats();
  uint64_t sum = 0;
  for (const EncodingStats& encoding : stats.encodings) sum += encoding.target.bps;
  EXPECT_NEAR(static_cast<double>(sum), static_cast<double>(most) / 2, 50'000.0);
  EXPECT_LT(stats.encodings[2].target, pipeline.track().encodings()[2].max_bitrate);
  pipeline.track().enable(::livekit::HIGH, false);
  EXPECT_LT(pipeline.track().max_bitrate().bps, most / 2);
}

// One source after the other: a capsfilter whose caps change while it answers a query would end the
// source.
TEST_F(LocalTrackTest, FollowsAPictureThatChangesItsSize) {
  const auto source = [](const char* buffers, const char* size) {
    return std::string(" videotestsrc pattern=ball num-buffers=") + buffers +
           " ! capsfilter caps=video/x-raw,framerate=15/1," + size + " ! c.";
  };
  TrackPipeline pipeline(
      MediaKind::Video,
      "concat name=c" + source("15", "width=960,height=540") + source("-1", "width=640,height=480"),
      vp8(), rtp::parse_vp8);
  pipeline.connect();
  ASSERT_TRUE(eventually([&] { return pipeline.capture().by_rid("f").width == 960; }));
  EXPECT_EQ(pipeline.track().stats().encodings[2].target, fitting_bitrate(960, 540, false));
  EXPECT_TRUE(eventually([&] {
    return pipeline.capture().by_rid("f").width == 640 &&
           pipeline.capture().by_rid("q").width == 160;
  }));
  EXPECT_EQ(pipeline.error(), "");
  EXPECT_EQ(pipeline.track().stats().encodings[2].target, fitting_bitrate(640, 480, false));
}

TEST_F(LocalTrackTest, DoesNotEncodeEncodedMediaAgain) {
  TrackPipeline pipeline(MediaKind::Video,
                         kSmallVideo + " ! vp8enc deadline=1 keyframe-max-dist=30 name=theirs", {},
                         rtp::parse_vp8);
  pipeline.connect();
  EXPECT_TRUE(eventually([&] { return pipeline.capture().by_rid("").keyframes > 0; }));
  const auto factories = pipeline.factories();
  EXPECT_FALSE(factories.contains("vp8enc"));
  EXPECT_FALSE(factories.contains("vp8dec"));
  EXPECT_EQ(pipeline.capture().streams().begin()->second.payload_type, 96);
}

std::string encoded(int width, int height) {
  return video(width, height, 15) + " ! vp8enc deadline=1 cpu-used=8 keyframe-max-dist=3000";
}

TEST_F(LocalTrackTest, MakesEncodedPadsOfOneTrackEncodingsInTheOrderOfTheirSizes) {
  TrackPipeline pipeline(MediaKind::Video, {encoded(640, 360), encoded(160, 90), encoded(320, 180)},
                         {}, rtp::parse_vp8);
  pipeline.connect();
  ASSERT_TRUE(eventually([&] {
    return pipeline.capture().by_rid("q").keyframes > 0 &&
           pipeline.capture().by_rid("h").keyframes > 0 &&
           pipeline.capture().by_rid("f").keyframes > 0;
  }));
  EXPECT_EQ(pipeline.capture().by_rid("q").width, 160);
  EXPECT_EQ(pipeline.capture().by_rid("h").width, 320);
  EXPECT_EQ(pipeline.capture().by_rid("f").width, 640);
  EXPECT_FALSE(pipeline.factories().contains("vp8enc"));
  EXPECT_STREQ(
      gst_structure_get_string(gst_caps_get_structure(pipeline.offered(), 0), "a-simulcast"),
      "send q;h;f");
}

TEST_F(LocalTrackTest, AsksTheRightEncodedPadForAKeyframe) {
  TrackPipeline pipeline(MediaKind::Video, {encoded(320, 180), encoded(160, 90)}, {},
                         rtp::parse_vp8);
  pipeline.connect();
  for (const char* rid : {"q", "h"})
    ASSERT_TRUE(eventually([&] { return pipeline.capture().by_rid(rid).keyframes > 0; })) << rid;
  pipeline.track().enable(::livekit::LOW, false);
  EXPECT_TRUE(pipeline.rests("q"));
  pipeline.capture().clear();
  pipeline.track().enable(::livekit::LOW, true);
  EXPECT_TRUE(eventually([&] { return pipeline.capture().by_rid("q").keyframes > 0; }));
  EXPECT_TRUE(pipeline.encodes("h"));
  EXPECT_EQ(pipeline.capture().by_rid("h").keyframes, 0);
}

TEST_F(LocalTrackTest, DoesNotMixRawAndEncodedPadsInOneTrack) {
  TrackPipeline pipeline(MediaKind::Video, {kSmallVideo, encoded(160, 90)});
  EXPECT_TRUE(eventually([&] { return !pipeline.error().empty(); }));
  EXPECT_NE(pipeline.error().find("one track"), std::string::npos);
}

TEST_F(LocalTrackTest, TakesNoFurtherPadWhenItsFormatIsKnown) {
  TrackPipeline pipeline(MediaKind::Video, encoded(160, 90));
  ASSERT_TRUE(eventually([&] { return pipeline.track().format().has_value(); }));
  EXPECT_EQ(pipeline.track().add_sink(), nullptr);
}

TEST_F(LocalTrackTest, TakesRtpOfAnyPayloadType) {
  TrackPipeline pipeline(
      MediaKind::Video,
      kSmallVideo + " ! vp8enc deadline=1 keyframe-max-dist=30 ! rtpvp8pay pt=123 mtu=500", {},
      rtp::parse_vp8);
  pipeline.connect();
  EXPECT_TRUE(eventually([&] { return pipeline.capture().by_rid("").keyframes > 0; }));
  EXPECT_EQ(pipeline.capture().streams().begin()->second.payload_type, 96);
  EXPECT_EQ(pipeline.capture().streams().begin()->second.mid, "7");
}

TEST_F(LocalTrackTest, SaysHowLoudAudioIs) {
  const auto loudest = [](const char* volume) {
    TrackPipeline pipeline(MediaKind::Audio,
                           std::string("audiotestsrc is-live=true freq=440 volume=") + volume);
    pipeline.connect();
    EXPECT_TRUE(eventually([&] { return pipeline.capture().by_rid("").packets > 20; }));
    const auto stream = pipeline.capture().by_rid("");
    EXPECT_EQ(stream.mid, "7");
    EXPECT_EQ(stream.payload_type, 111);
    return stream.loudest;
  };
  EXPECT_LT(loudest("0.8"), 12);
  EXPECT_GT(loudest("0.001"), 50);
}

TEST_F(LocalTrackTest, EncodesAudioOfOneOrTwoChannels) {
  for (const char* channels : {"1", "2", "6"}) {
    TrackPipeline pipeline(
        MediaKind::Audio,
        std::string(
            "audiotestsrc is-live=true ! capsfilter caps=audio/x-raw,rate=44100,channels=") +
            channels);
    pipeline.connect();
    EXPECT_TRUE(eventually([&] { return pipeline.capture().by_rid("").packets > 5; })) << channels;
  }
}

TEST_F(LocalTrackTest, SaysWhichCodecItDoesNotKnow) {
  TrackSettings settings;
  settings.codec = "theora";
  TrackPipeline pipeline(MediaKind::Video, kSmallVideo, settings);
  EXPECT_TRUE(eventually([&] { return !pipeline.error().empty(); }));
  EXPECT_NE(pipeline.error().find("theora"), std::string::npos);
  EXPECT_FALSE(pipeline.track().format());
}

// --- encoders ---

struct EncoderCase {
  const char* factory;
  const char* codec;
  RtpCapture::Parser parser;
};

class EncoderTest : public ::testing::TestWithParam<EncoderCase> {
 protected:
  void SetUp() override {
    gst_init(nullptr, nullptr);
    factory_ = Ref<GstElementFactory>::adopt(gst_element_factory_find(GetParam().factory));
    if (!factory_) GTEST_SKIP() << GetParam().factory << " is not installed";
    rank_ = gst_plugin_feature_get_rank(GST_PLUGIN_FEATURE(factory_.get()));
    gst_plugin_feature_set_rank(GST_PLUGIN_FEATURE(factory_.get()), GST_RANK_PRIMARY + 1000);
  }
  void TearDown() override {
    if (factory_) gst_plugin_feature_set_rank(GST_PLUGIN_FEATURE(factory_.get()), rank_);
  }

  Ref<GstElementFactory> factory_;
  guint rank_ = 0;
};

TEST_P(EncoderTest, EncodesInRealTimeWithKeyframesOnlyOnDemand) {
  TrackSettings settings;
  settings.codec = GetParam().codec;
  TrackPipeline pipeline(MediaKind::Video, kSmallVideo, settings, GetParam().parser);
  pipeline.connect();
  ASSERT_TRUE(pipeline.factories().contains(GetParam().factory));
  ASSERT_TRUE(pipeline.encodes("", 20));
  EXPECT_TRUE(pipeline.capture().by_rid("").begins_with_keyframe);
  pipeline.capture().clear();
  ASSERT_TRUE(pipeline.encodes("", 40));
  EXPECT_EQ(pipeline.capture().by_rid("").keyframes, 0);
  // What the bitrate is set to while it runs does not break the stream, nor needs a keyframe.
  pipeline.track().set_bitrate(Bitrate{80'000}, {});
  ASSERT_TRUE(pipeline.encodes("", 10));
  EXPECT_EQ(pipeline.error(), "");
}

TEST_P(EncoderTest, SendsABitrateLikeTheOneItIsTold) {
  TrackSettings settings;
  settings.codec = GetParam().codec;
  settings.max_bitrate = Bitrate{400'000};
  TrackPipeline pipeline(MediaKind::Video, video(320, 180, 30, "snow"), settings);
  pipeline.connect();
  ASSERT_TRUE(pipeline.encodes("", 10));
  const uint64_t before = pipeline.track().stats().bytes;
  std::this_thread::sleep_for(3s);
  const double bps = static_cast<double>(pipeline.track().stats().bytes - before) * 8 / 3;
  // Noise is the worst there is to encode; a unit taken wrong is off by a thousand.
  EXPECT_GT(bps, 200'000);
  EXPECT_LT(bps, 800'000);
}

INSTANTIATE_TEST_SUITE_P(Known, EncoderTest,
                         ::testing::Values(EncoderCase{"x264enc", "h264", rtp::parse_h264},
                                           EncoderCase{"openh264enc", "h264", rtp::parse_h264},
                                           EncoderCase{"x265enc", "h265", rtp::parse_h265},
                                           EncoderCase{"vp8enc", "vp8", rtp::parse_vp8},
                                           EncoderCase{"vp9enc", "vp9", rtp::parse_vp9}),
                         [](const auto& info) { return std::string(info.param.factory); });

}  // namespace
}  // namespace gstlk::client
