// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/connection_quality.h"

#include <gtest/gtest.h>

namespace gstlk::room {
namespace {

StreamStats stream(const TrackStats& stats) { return {{TrackId("TR_a"), stats}}; }

// One window with this loss, after one in which the track was unmuted.
::livekit::ConnectionQuality after_loss(TrackKind kind, uint64_t packets, uint64_t lost) {
  TrackQuality quality(kind);
  quality.update({}, false);
  return quality_of(quality.update(stream({.packets = packets, .packets_lost = lost}), false));
}

TEST(TrackQuality, VideoIsGoodFromThreePerCentAndPoorFromSix) {
  EXPECT_EQ(after_loss(TrackKind::Video, 1000, 0), ::livekit::EXCELLENT);
  EXPECT_EQ(after_loss(TrackKind::Video, 970, 30), ::livekit::GOOD);
  TrackQuality quality(TrackKind::Video);
  quality.update({}, false);
  quality.update(stream({.packets = 800, .packets_lost = 200}), false);
  EXPECT_EQ(quality_of(quality.update(stream({.packets = 1600, .packets_lost = 400}), false)),
            ::livekit::POOR);
}

TEST(TrackQuality, AudioForgivesMore) {
  const auto score = [](TrackKind kind) {
    TrackQuality quality(kind);
    quality.update({}, false);
    return quality.update(stream({.packets = 970, .packets_lost = 30}), false);
  };
  EXPECT_GT(score(TrackKind::Audio), score(TrackKind::Video));
}

TEST(TrackQuality, MutedIsPerfectAndUnmutingSaysNothingYet) {
  TrackQuality quality(TrackKind::Audio);
  EXPECT_EQ(quality.update({}, true), 100);
  EXPECT_EQ(quality.update({}, false), 100);
  EXPECT_LT(quality.update({}, false), 100);
}

TEST(TrackQuality, BetterShowsSlowerThanWorse) {
  TrackQuality quality(TrackKind::Video);
  quality.update({}, false);
  const double bad = quality.update(stream({.packets = 900, .packets_lost = 100}), false);
  const double recovering = quality.update(stream({.packets = 1900, .packets_lost = 100}), false);
  EXPECT_GT(100 - bad, recovering - bad);
  EXPECT_GT(recovering, bad);
}

TEST(TrackQuality, AStreamThatEndsIsNoSilence) {
  TrackQuality quality(TrackKind::Video);
  const TrackId first("TR_a");
  const TrackId backup("TR_a/vp8");
  quality.update({{first, {.packets = 1000}}, {backup, {.packets = 1000}}}, false);
  EXPECT_EQ(quality.update({{first, {.packets = 1500}}}, false), 100);
  EXPECT_EQ(quality.update({{first, {.packets = 1500}}, {backup, {.packets = 10}}}, false), 100);
  EXPECT_LT(quality.update({{first, {.packets = 1500}}, {backup, {.packets = 10}}}, false), 100);
}

}  // namespace
}  // namespace gstlk::room
