// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sdp/codec_match.h"

#include <gtest/gtest.h>

namespace gstlk::sdp {
namespace {

Format format(const std::string& name, const std::string& fmtp = "", uint32_t clock_rate = 90000) {
  return {.encoding_name = name, .clock_rate = clock_rate, .fmtp = fmtp};
}

Format h264(const std::string& profile_level_id, const std::string& mode = "1") {
  return format("H264", "level-asymmetry-allowed=1;packetization-mode=" + mode +
                            ";profile-level-id=" + profile_level_id);
}

TEST(FmtpParameter, FindsAParameterAmongOthers) {
  EXPECT_EQ(fmtp_parameter("minptime=10; useinbandfec=1", "useinbandfec"), "1");
  EXPECT_EQ(fmtp_parameter("Profile-ID = 2", "profile-id"), "2");
  EXPECT_EQ(fmtp_parameter("flag;a=1", "flag"), "");
  EXPECT_EQ(fmtp_parameter("ab=1", "a"), std::nullopt);
}

TEST(SameCodec, ComparesNameClockAndChannels) {
  EXPECT_TRUE(same_codec(format("VP8"), format("vp8")));
  EXPECT_FALSE(same_codec(format("VP8"), format("VP9")));
  EXPECT_FALSE(same_codec(format("red", "", 90000), format("red", "", 48000)));
  Format stereo = format("opus", "", 48000);
  stereo.channels = 2;
  EXPECT_FALSE(same_codec(stereo, format("opus", "", 48000)));
  Format mono = format("PCMU", "", 8000);
  mono.channels = 1;
  EXPECT_TRUE(same_codec(mono, format("PCMU", "", 8000)));
}

TEST(SameCodec, IgnoresTheLevelOfH264) {
  EXPECT_TRUE(same_codec(h264("42e01f"), h264("42e034")));
  EXPECT_TRUE(same_codec(h264("42e01f"), h264("42c01f")));
  EXPECT_TRUE(same_codec(h264("42E01F"), format("H264", "packetization-mode=1")));
}

TEST(SameCodec, TellsH264ProfilesAndModesApart) {
  EXPECT_FALSE(same_codec(h264("42e01f"), h264("42001f")));
  EXPECT_FALSE(same_codec(h264("42e01f"), h264("4d001f")));
  EXPECT_FALSE(same_codec(h264("640032"), h264("640c1f")));
  EXPECT_FALSE(same_codec(h264("42e01f", "1"), h264("42e01f", "0")));
  EXPECT_FALSE(same_codec(h264("nonsense"), h264("nonsense")));
}

TEST(SameCodec, TellsProfilesOfVp9AndAv1Apart) {
  EXPECT_TRUE(same_codec(format("VP9"), format("VP9", "profile-id=0")));
  EXPECT_FALSE(same_codec(format("VP9"), format("VP9", "profile-id=2")));
  EXPECT_TRUE(same_codec(format("AV1"), format("AV1", "level-idx=5;profile=0;tier=0")));
  EXPECT_FALSE(same_codec(format("AV1"), format("AV1", "profile=1")));
}

}  // namespace
}  // namespace gstlk::sdp
