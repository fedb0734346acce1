// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/room_metrics.h"

#include <gtest/gtest.h>

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
