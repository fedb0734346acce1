// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/room_metrics.h"

#include <gtest/gtest.h>

#include "livekit_room.pb.h"
#include "metrics_text.h"
#include "unit/room/room_fixture.h"

namespace gstlk::metrics {
namespace {

class RoomMetricsTest : public room::RoomFixture {
 protected:
  RoomMetricsTest() { registry_.add_listener(metrics_); }

  // After a reading: the value of that line, or -1 without one.
  double value(const std::string& sample) { return value_in(metrics_.print({}), sample); }
  void read() { timers_.advance(2s); }

  RoomMetrics metrics_{registry_, timers_};
};

TEST_F(RoomMetricsTest, AConnectionCountsOnceByItsWay) {
  room::Guest ada = join("ada");
  ada.media->transport = {.role = "both", .state = "connected", .protocol = "udp"};
  room::Guest bob = join("bob");
  bob.media->transport = {
      .role = "both", .state = "failed", .protocol = "udp", .candidate_type = "relay"};
  for (int i = 0; i < 3; ++i) {
    read();
    EXPECT_EQ(value("livekit_connection_total{kind=\"udp\"}"), 1);
    EXPECT_EQ(value("livekit_connection_total{kind=\"turn\"}"), 1);
    EXPECT_EQ(value("livekit_turn_relay_sessions"), 1);
    EXPECT_EQ(value("livekit_ws_connections"), 2);
  }
  EXPECT_EQ(value("livekit_peer_connection_state{transport=\"both\",state=\"connected\"}"), 1);
  EXPECT_EQ(value("livekit_peer_connection_state{transport=\"both\",state=\"failed\"}"), 1);
  bob.media->transport.state = "connected";
  read();
  EXPECT_EQ(value("livekit_peer_connection_state{transport=\"both\",state=\"connected\"}"), 2);
  EXPECT_EQ(value("livekit_peer_connection_state{transport=\"both\",state=\"failed\"}"), -1);
}

TEST_F(RoomMetricsTest, ARoundTripIsObservedWhereItIsKnown) {
  room::Guest ada = join("ada");
  publish_camera(ada);
  read();
  EXPECT_EQ(value("livekit_rtt_ms_count{direction=\"incoming\",source=\"CAMERA\",type=\"VIDEO\","
                  "country=\"\"}"),
            -1);
  ada.media->transport = {.role = "both", .protocol = "udp", .round_trip = 120ms};
  read();
  const std::string labels = "direction=\"incoming\",source=\"CAMERA\",type=\"VIDEO\",country=\"\"";
  EXPECT_EQ(value("livekit_rtt_ms_bucket{" + labels + ",le=\"100\"}"), 0);
  EXPECT_EQ(value("livekit_rtt_ms_bucket{" + labels + ",le=\"150\"}"), 1);
  EXPECT_EQ(value("livekit_rtt_ms_sum{" + labels + "}"), 120);
}

TEST_F(RoomMetricsTest, ACodecThatEndsIsNotCountedAgain) {
  room::Guest ada = join("ada");
  ada.media->sends_at_once = false;
  ::livekit::AddTrackRequest request;
  request.set_cid("nine");
  request.set_type(::livekit::VIDEO);
  for (const char* codec : {"vp9", "vp8"}) request.add_simulcast_codecs()->set_codec(codec);
  request.mutable_simulcast_codecs(0)->set_cid("nine");
  request.mutable_simulcast_codecs(1)->set_cid("eight");
  ada->publications().handle_add_track(request);
  const room::UpstreamTrack first{.cid = "nine",
                                  .sdp_cid = "nine",
                                  .mid = Mid("0"),
                                  .kind = room::TrackKind::Video,
                                  .codecs = {"VP9"}};
  const room::UpstreamTrack backup{.cid = "eight",
                                   .sdp_cid = "eight",
                                   .mid = Mid("1"),
                                   .kind = room::TrackKind::Video,
                                   .codecs = {"VP8"}};
  ada->on_upstream_tracks({first, backup});
  ASSERT_EQ(ada.media->published.size(), 2u);
  ada.media->stats = room::TrackStats{.packets = 100};
  read();
  const std::string packets =
      "livekit_packet_total{direction=\"incoming\",transmission=\"initial\",country=\"\"}";
  EXPECT_EQ(value(packets), 200);
  ada->on_upstream_tracks({first});
  ada.media->stats = room::TrackStats{.packets = 130};
  read();
  EXPECT_EQ(value(packets), 230);
}

TEST_F(RoomMetricsTest, WhatCameBeforeAMoveIsNotCountedAgain) {
  room::Guest ada = join("ada");
  publish_camera(ada);
  ada.media->stats = room::TrackStats{.packets = 100};
  read();
  const std::string packets =
      "livekit_packet_total{direction=\"incoming\",transmission=\"initial\",country=\"\"}";
  EXPECT_EQ(value(packets), 100);
  ::livekit::MoveParticipantRequest request;
  request.set_room("kitchen");
  request.set_identity("ada");
  request.set_destination_room("hall");
  ASSERT_TRUE(registry_.move_participant(request));
  ada.media->stats = room::TrackStats{.packets = 130};
  read();
  EXPECT_EQ(value(packets), 130);
}

TEST_F(RoomMetricsTest, RepetitionsAreCountedBesideWhatWasSentFirst) {
  room::Guest ada = join("ada");
  publish_camera(ada);
  ada.media->stats = room::TrackStats{.packets = 100, .retransmitted = 7};
  read();
  EXPECT_EQ(
      value("livekit_packet_total{direction=\"incoming\",transmission=\"initial\",country=\"\"}"),
      100);
  EXPECT_EQ(
      value(
          "livekit_packet_total{direction=\"incoming\",transmission=\"retransmit\",country=\"\"}"),
      7);
}

TEST_F(RoomMetricsTest, FirAndPliAreCountedApart) {
  room::Guest ada = join("ada");
  publish_camera(ada);
  ada.media->stats = room::TrackStats{.packets = 100, .keyframe_requests = 5, .firs = 2};
  read();
  EXPECT_EQ(value("livekit_pli_total{direction=\"incoming\",country=\"\"}"), 3);
  EXPECT_EQ(value("livekit_fir_total{direction=\"incoming\",country=\"\"}"), 2);
}

TEST_F(RoomMetricsTest, PacketsOutOfOrderAreCountedAndTheirShareObserved) {
  const std::string labels = "direction=\"incoming\",source=\"CAMERA\",type=\"VIDEO\",country=\"\"";
  room::Guest ada = join("ada");
  publish_camera(ada);
  ada.media->stats = room::TrackStats{.packets = 100, .out_of_order = 4};
  read();
  EXPECT_EQ(value("livekit_packet_out_of_order_total{" + labels + "}"), 4);
  EXPECT_EQ(value("livekit_packet_out_of_order_percent_bucket{" + labels + ",le=\"1\"}"), 0);
  EXPECT_EQ(value("livekit_packet_out_of_order_percent_bucket{" + labels + ",le=\"5\"}"), 1);
  ada.media->stats = room::TrackStats{.packets = 200, .out_of_order = 4};
  read();
  EXPECT_EQ(value("livekit_packet_out_of_order_total{" + labels + "}"), 4);
  EXPECT_EQ(value("livekit_packet_out_of_order_percent_bucket{" + labels + ",le=\"0\"}"), 1);
}

TEST_F(RoomMetricsTest, QualityIsRatedAndScored) {
  room::Guest ada = join("ada");
  publish_camera(ada);
  ada.media->stats = room::TrackStats{.packets = 1000};
  timers_.advance(6s);
  read();
  metrics_.print({});
  EXPECT_GE(value("livekit_quality_rating_count"), 1);
  EXPECT_GE(value("livekit_quality_score_bucket{le=\"4.5\"}"), 1);
}

}  // namespace
}  // namespace gstlk::metrics
