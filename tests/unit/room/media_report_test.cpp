// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/media_report.h"

#include <gtest/gtest.h>

namespace gstlk::room {
namespace {

TEST(MediaReport, ATrackIsTheSumOfItsEncodingsInAllCodecs) {
  MediaReport report;
  TransportReport& publisher = report.transports.emplace_back();
  publisher.received.push_back(
      {TrackId("TR_a"),
       Rid("q"),
       {.packets = 10, .packets_lost = 1, .jitter = 3ms, .bitrate = {100}, .fraction_lost = 0.25}});
  publisher.received.push_back(
      {TrackId("TR_a"),
       Rid("h"),
       {.packets = 30, .packets_lost = 4, .jitter = 2ms, .bitrate = {300}}});
  publisher.received.push_back({TrackId("TR_a/h264"), Rid(), {.packets = 5}});
  publisher.received.push_back({TrackId("TR_b"), Rid(), {.packets = 1000}});
  publisher.received.push_back({TrackId("TR_ab"), Rid(), {.packets = 1000}});
  const auto sum = report.received(TrackId("TR_a"));
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->packets, 45u);
  EXPECT_EQ(sum->packets_lost, 5u);
  EXPECT_EQ(sum->bitrate, Bitrate{400});
  EXPECT_EQ(sum->jitter, 3ms);
  EXPECT_EQ(sum->fraction_lost, 0.25);
  const StreamStats streams = report.received_streams(TrackId("TR_a"));
  ASSERT_EQ(streams.size(), 2u);
  EXPECT_EQ(streams.at(TrackId("TR_a")).packets, 40u);
  EXPECT_EQ(streams.at(TrackId("TR_a/h264")).packets, 5u);
  EXPECT_FALSE(report.received(TrackId("TR_c")));
}

TEST(MediaReport, ATrackIsSentOnOneOfTheConnections) {
  MediaReport report;
  report.transports.resize(2);
  report.transports[1].sent[TrackId("TR_a")] = {.stats = {.packets = 7}, .layer = {1, 2, 1}};
  const SentTrack* sent = report.sent(TrackId("TR_a"));
  ASSERT_NE(sent, nullptr);
  EXPECT_EQ(sent->stats.packets, 7u);
  EXPECT_EQ(sent->layer.spatial, 1);
  EXPECT_EQ(report.sent(TrackId("TR_b")), nullptr);
}

}  // namespace
}  // namespace gstlk::room
