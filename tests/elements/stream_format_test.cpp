// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/stream_format.h"

#include <gtest/gtest.h>

namespace gstlk::sfu {
namespace {

class StreamFormatTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  static std::optional<StreamFormat> parse(const char* text) {
    GstCaps* caps = gst_caps_from_string(text);
    const auto format = StreamFormat::from_caps(caps);
    gst_caps_unref(caps);
    return format;
  }
};

TEST_F(StreamFormatTest, ReadsCodecClockRateAndRed) {
  const auto format = parse(
      "application/x-rtp, encoding-name=(string)OPUS, clock-rate=(int)48000, red-payload=(int)63");
  ASSERT_TRUE(format);
  EXPECT_EQ(format->codec, rtp::Codec::Opus);
  EXPECT_EQ(format->clock_rate, 48'000u);
  EXPECT_EQ(format->red, PayloadType(63));
}

TEST_F(StreamFormatTest, ReadsHeaderExtensionsInBothOfGStreamersSpellings) {
  const auto format = parse(
      "application/x-rtp, encoding-name=(string)VP8, clock-rate=(int)90000, "
      "extmap-3=(string)urn:ietf:params:rtp-hdrext:ssrc-audio-level, "
      "extmap-5=(string)<\"sendonly\", "
      "\"http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time\", \"\">");
  ASSERT_TRUE(format);
  EXPECT_EQ(format->extensions.id_of(rtp::ExtensionType::AudioLevel), 3);
  EXPECT_EQ(format->extensions.id_of(rtp::ExtensionType::AbsCaptureTime), 5);
}

TEST_F(StreamFormatTest, NeedsTheNameAndTheClockRate) {
  EXPECT_FALSE(parse("application/x-rtp, clock-rate=(int)90000"));
  EXPECT_FALSE(parse("application/x-rtp, encoding-name=(string)VP8"));
  EXPECT_FALSE(parse("application/x-rtp, encoding-name=(string)VP8, clock-rate=(int)0"));
}

TEST_F(StreamFormatTest, OtherExtensionIdsAreNoOtherStream) {
  const auto a = parse("application/x-rtp, encoding-name=(string)VP8, clock-rate=(int)90000");
  const auto b = parse(
      "application/x-rtp, encoding-name=(string)VP8, clock-rate=(int)90000, "
      "extmap-3=(string)urn:ietf:params:rtp-hdrext:sdes:mid");
  const auto c = parse("application/x-rtp, encoding-name=(string)H264, clock-rate=(int)90000");
  ASSERT_TRUE(a && b && c);
  EXPECT_TRUE(a->same_codec(*b));
  EXPECT_FALSE(a->same_codec(*c));
}

}  // namespace
}  // namespace gstlk::sfu
