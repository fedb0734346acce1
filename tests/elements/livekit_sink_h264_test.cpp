// SPDX-License-Identifier: LGPL-2.1-or-later
// H264 that was encoded in front of livekitsink.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <string>

#include "base/ref.h"
#include "plugins/livekit/local_track.h"
#include "tests/elements/track_pipeline.h"

namespace gstlk::client {
namespace {

class SinkH264Test : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
  void SetUp() override {
    if (!Ref<GstElementFactory>::adopt(gst_element_factory_find("x264enc")))
      GTEST_SKIP() << "x264enc is not installed";
  }

  // Of 320x180, in the raw format that leads to the profile.
  static std::string encoded(const std::string& settings, const std::string& behind = "",
                             const char* format = "I420") {
    return "videotestsrc is-live=true pattern=ball ! capsfilter "
           "caps=video/x-raw,width=320,height=180,framerate=30/1,format=" +
           std::string(format) + " ! x264enc speed-preset=superfast key-int-max=30 " + settings +
           (behind.empty() ? "" : " ! " + behind);
  }
  static std::string profile(const std::string& name) {
    return "capsfilter caps=video/x-h264,profile=(string)" + name;
  }
};

TEST_F(SinkH264Test, MainAndHighGoThroughWithoutAWord) {
  for (const char* name : {"constrained-baseline", "main", "high"}) {
    TrackPipeline pipeline(MediaKind::Video, encoded("tune=zerolatency", profile(name)));
    pipeline.connect();
    EXPECT_TRUE(eventually([&] { return pipeline.capture().by_rid("").packets > 60; })) << name;
    EXPECT_EQ(pipeline.error(), "") << name;
    EXPECT_TRUE(pipeline.warnings().empty()) << name;
  }
}

TEST_F(SinkH264Test, AProfileThatBrowsersLackIsRefused) {
  TrackPipeline pipeline(MediaKind::Video, encoded("", profile("high-4:2:2"), "Y42B"));
  EXPECT_TRUE(eventually([&] { return !pipeline.error().empty(); }));
  EXPECT_NE(pipeline.error().find("high-4:2:2"), std::string::npos) << pipeline.error();
  EXPECT_NE(pipeline.error().find("profile=constrained-baseline"), std::string::npos);
  EXPECT_FALSE(pipeline.track().format());
}

TEST_F(SinkH264Test, ItIsRefusedWhereOnlyTheStreamTellsOfIt) {
  const char* mute =
      "capssetter replace=true caps=video/x-h264,stream-format=byte-stream,alignment=au,width=320,"
      "height=180,framerate=30/1";
  TrackPipeline pipeline(MediaKind::Video, encoded("tune=zerolatency", mute, "Y42B"));
  pipeline.connect();
  EXPECT_TRUE(eventually([&] { return !pipeline.error().empty(); }));
  EXPECT_NE(pipeline.error().find("high-4:2:2"), std::string::npos) << pipeline.error();
  EXPECT_EQ(pipeline.capture().by_rid("").packets, 0);
}

TEST_F(SinkH264Test, AnEncoderWhoseProfileIsOpenTakesTheOneThatAllBrowsersDecode) {
  TrackPipeline pipeline(MediaKind::Video, encoded("bframes=2"));
  pipeline.connect();
  EXPECT_TRUE(eventually([&] { return pipeline.capture().by_rid("").packets > 60; }));
  const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(pipeline.track().bin(), "sink"));
  const auto caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(pad.get()));
  ASSERT_TRUE(caps);
  EXPECT_STREQ(gst_structure_get_string(gst_caps_get_structure(caps.get(), 0), "profile"),
               "constrained-baseline");
  EXPECT_TRUE(pipeline.warnings().empty());
}

TEST_F(SinkH264Test, WarnsOfBFramesOnce) {
  TrackPipeline pipeline(MediaKind::Video,
                         encoded("bframes=2 b-adapt=false rc-lookahead=1", profile("main")));
  pipeline.connect();
  EXPECT_TRUE(eventually([&] { return !pipeline.warnings().empty(); }));
  EXPECT_TRUE(pipeline.encodes("", 60));
  ASSERT_EQ(pipeline.warnings().size(), 1u);
  EXPECT_NE(pipeline.warnings()[0].find("without B-frames"), std::string::npos);
  EXPECT_EQ(pipeline.error(), "");
}

}  // namespace
}  // namespace gstlk::client
