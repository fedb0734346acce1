// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/media_format.h"

#include <gtest/gtest.h>

#include <string>

#include "base/ref.h"
#include "plugins/livekit/codec.h"

namespace gstlk::client {
namespace {

using Form = MediaFormat::Form;

class MediaFormatTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  static Result<MediaFormat> of(const char* text) {
    const auto caps = Ref<GstCaps>::adopt(gst_caps_from_string(text));
    return media_format(caps.get());
  }
};

TEST_F(MediaFormatTest, TakesRawMediaInAnyMemory) {
  const auto video = of("video/x-raw(memory:GLMemory),format=RGBA,width=1280,height=720");
  ASSERT_TRUE(video);
  EXPECT_EQ(video->kind, MediaKind::Video);
  EXPECT_EQ(video->form, Form::Raw);
  EXPECT_EQ(video->width, 1280);
  EXPECT_EQ(video->height, 720);
  const auto audio = of("audio/x-raw,format=S16LE,rate=44100,channels=2");
  ASSERT_TRUE(audio);
  EXPECT_EQ(audio->kind, MediaKind::Audio);
  EXPECT_EQ(audio->channels, 2);
  EXPECT_EQ(audio->codec, nullptr);
}

TEST_F(MediaFormatTest, KnowsEncodedMediaByItsType) {
  const auto video = of("video/x-h264,stream-format=avc,alignment=au,width=640,height=360");
  ASSERT_TRUE(video);
  EXPECT_EQ(video->form, Form::Encoded);
  EXPECT_STREQ(video->codec->name, "h264");
  const auto audio = of("audio/x-opus,channels=2");
  ASSERT_TRUE(audio);
  EXPECT_EQ(audio->kind, MediaKind::Audio);
  EXPECT_STREQ(audio->codec->name, "opus");
}

TEST_F(MediaFormatTest, KnowsRtpByItsEncodingNameInAnyCase) {
  for (const char* name : {"VP8", "vp8", "Vp8"}) {
    const std::string caps = std::string("application/x-rtp,media=video,encoding-name=") + name;
    const auto format = of(caps.c_str());
    ASSERT_TRUE(format) << name;
    EXPECT_EQ(format->form, Form::Rtp);
    EXPECT_STREQ(format->codec->name, "vp8");
  }
}

TEST_F(MediaFormatTest, SaysWhichCodecCannotBePublished) {
  const auto format = of("video/x-theora,width=640,height=360");
  ASSERT_FALSE(format);
  EXPECT_NE(format.error().message.find("x-theora"), std::string::npos);
  const auto rtp = of("application/x-rtp,media=audio,encoding-name=PCMU");
  ASSERT_FALSE(rtp);
  EXPECT_NE(rtp.error().message.find("PCMU"), std::string::npos);
}

TEST_F(MediaFormatTest, RefusesRtpThatDoesNotSayWhatItIs) {
  EXPECT_FALSE(of("application/x-rtp,media=video"));
}

TEST_F(MediaFormatTest, TakesAv1WhereItCanBePayloaded) {
  const auto payloader = Ref<GstElementFactory>::adopt(gst_element_factory_find("rtpav1pay"));
  const auto format = of("video/x-av1,stream-format=obu-stream");
  EXPECT_EQ(format.has_value(), static_cast<bool>(payloader));
  if (!format) {
    EXPECT_NE(format.error().message.find("rtpav1pay"), std::string::npos);
  }
}

TEST_F(MediaFormatTest, TakesH264OfTheProfilesThatBrowsersDecode) {
  for (const char* profile : {"constrained-baseline", "baseline", "main", "high"})
    EXPECT_TRUE(of((std::string("video/x-h264,profile=(string)") + profile).c_str())) << profile;
  EXPECT_TRUE(of("video/x-h264,stream-format=byte-stream"));
  for (const std::string profile : {"high-10", "high-4:2:2", "high-4:4:4", "extended"}) {
    const auto format = of(("video/x-h264,profile=(string)" + profile).c_str());
    ASSERT_FALSE(format) << profile;
    EXPECT_NE(format.error().message.find(profile + ";"), std::string::npos)
        << format.error().message;
  }
  EXPECT_TRUE(of("video/x-h265,profile=(string)main-10")) << "nothing is said of other codecs";
}

TEST_F(MediaFormatTest, KnowsWhenAChainCanGoOn) {
  EXPECT_TRUE(
      of("video/x-raw,width=640,height=360")->is_like(*of("video/x-raw,width=1280,height=720")));
  EXPECT_FALSE(of("video/x-raw,width=640,height=360")->is_like(*of("video/x-vp8")));
  EXPECT_FALSE(of("video/x-vp8")->is_like(*of("video/x-vp9")));
}

}  // namespace
}  // namespace gstlk::client
