// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/simulcast.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gstlk::client {
namespace {

std::string sizes(const std::vector<VideoEncoding>& encodings) {
  std::string text;
  for (const VideoEncoding& encoding : encodings)
    text += encoding.rid + ":" + std::to_string(encoding.width) + "x" +
            std::to_string(encoding.height) + " ";
  return text;
}

TEST(Simulcast, GivesThreeEncodingsFrom960Pixels) {
  EXPECT_EQ(sizes(plan_encodings({.width = 1280, .height = 720})),
            "q:320x180 h:640x360 f:1280x720 ");
  EXPECT_EQ(sizes(plan_encodings({.width = 960, .height = 540})), "q:240x136 h:480x270 f:960x540 ");
}

TEST(Simulcast, GivesTwoEncodingsFrom480Pixels) {
  EXPECT_EQ(sizes(plan_encodings({.width = 958, .height = 540})), "q:480x270 h:958x540 ");
  EXPECT_EQ(sizes(plan_encodings({.width = 480, .height = 270})), "q:240x136 h:480x270 ");
}

TEST(Simulcast, GivesASmallPictureOneEncodingWithoutRid) {
  EXPECT_EQ(sizes(plan_encodings({.width = 478, .height = 270})), ":478x270 ");
}

TEST(Simulcast, LooksAtTheLongerSideOfAnUprightPicture) {
  EXPECT_EQ(sizes(plan_encodings({.width = 720, .height = 1280})),
            "q:180x320 h:360x640 f:720x1280 ");
}

TEST(Simulcast, GivesOneEncodingWhereItIsNotWished) {
  const auto encodings = plan_encodings({.width = 1280, .height = 720, .simulcast = false});
  ASSERT_EQ(encodings.size(), 1u);
  EXPECT_EQ(encodings[0].rid, "");
  EXPECT_EQ(encodings[0].quality, ::livekit::HIGH);
}

TEST(Simulcast, GivesASharedScreenTwoEncodings) {
  EXPECT_EQ(sizes(plan_encodings({.width = 1920, .height = 1080, .screen_share = true})),
            "q:960x540 h:1920x1080 ");
}

TEST(Simulcast, KeepsTheNumberOfEncodingsOfAPictureThatShrinks) {
  EXPECT_EQ(sizes(plan_encodings({.width = 320, .height = 180}, 3)), "q:80x46 h:160x90 f:320x180 ");
  EXPECT_EQ(sizes(plan_encodings({.width = 1920, .height = 1080}, 1)), ":1920x1080 ");
}

TEST(Simulcast, NamesQualitiesByRid) {
  const auto three = plan_encodings({.width = 1280, .height = 720});
  EXPECT_EQ(three[0].quality, ::livekit::LOW);
  EXPECT_EQ(three[1].quality, ::livekit::MEDIUM);
  EXPECT_EQ(three[2].quality, ::livekit::HIGH);
  const auto two = plan_encodings({.width = 640, .height = 360});
  EXPECT_EQ(two[0].quality, ::livekit::LOW);
  EXPECT_EQ(two[1].quality, ::livekit::MEDIUM);
}

TEST(Simulcast, OnlyMakesEvenSizesBelowTheFullOne) {
  for (int width = 481; width < 2000; width += 7) {
    const auto encodings = plan_encodings({.width = width, .height = width * 9 / 16});
    for (size_t i = 0; i + 1 < encodings.size(); ++i) {
      EXPECT_EQ(encodings[i].width % 2, 0) << width;
      EXPECT_EQ(encodings[i].height % 2, 0) << width;
      EXPECT_LT(encodings[i].width, encodings[i + 1].width);
    }
  }
}

TEST(Simulcast, TakesLiveKitsBitratesAtItsSizes) {
  EXPECT_EQ(fitting_bitrate(320, 180, false).bps, 160'000u);
  EXPECT_EQ(fitting_bitrate(640, 360, false).bps, 450'000u);
  EXPECT_EQ(fitting_bitrate(1280, 720, false).bps, 1'700'000u);
  EXPECT_EQ(fitting_bitrate(1920, 1080, false).bps, 3'000'000u);
}

TEST(Simulcast, NeverGivesALargerPictureLess) {
  Bitrate before{};
  for (int width = 16; width < 8000; width += 16) {
    const Bitrate now = fitting_bitrate(width, width * 9 / 16, false);
    EXPECT_GE(now, before) << width;
    before = now;
  }
  EXPECT_EQ(before.bps, 8'000'000u);
}

TEST(Simulcast, KeepsTheWishedBitrateForTheLargestEncoding) {
  const auto more =
      plan_encodings({.width = 1280, .height = 720, .max_bitrate = Bitrate{3'400'000}});
  EXPECT_EQ(more[2].max_bitrate.bps, 3'400'000u);
  EXPECT_EQ(more[0].max_bitrate.bps, 160'000u) << "a lower one gains nothing by it";
  const auto less = plan_encodings({.width = 1280, .height = 720, .max_bitrate = Bitrate{850'000}});
  EXPECT_EQ(less[2].max_bitrate.bps, 850'000u);
  EXPECT_EQ(less[0].max_bitrate.bps, 80'000u);
}

}  // namespace
}  // namespace gstlk::client
