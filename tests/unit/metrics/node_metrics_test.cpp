// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/node_metrics.h"

#include <gtest/gtest.h>

#include "metrics_text.h"
#include "support/fake_timers.h"

namespace gstlk::metrics {
namespace {

class NodeMetricsTest : public testing::Test {
 protected:
  double value(const std::string& sample) { return value_in(metrics_.print({}), sample); }
  void forward(Duration took, uint64_t packets) {
    latency_.on_forwarded(Timestamp(0us), packets);
    latency_.on_sent(Timestamp(took));
    traffic_.latency = latency_.totals();
  }

  room::FakeTimers timers_;
  sfu::ForwardLatency latency_;
  sfu::Traffic traffic_;
  QueueStatistics queues_;
  NodeMetrics metrics_{timers_, [this] { return traffic_; }, [this] { return queues_; }};
};

TEST_F(NodeMetricsTest, AnswersOfTheApiCountByMethodAndOutcome) {
  metrics_.on_api_answer("RoomService", "ListRooms", 200, "", 3ms);
  metrics_.on_api_answer("RoomService", "ListRooms", 200, "", 30ms);
  metrics_.on_api_answer("RoomService", "DeleteRoom", 404, "not_found", 1ms);
  const std::string status = "livekit_node_twirp_request_status";
  EXPECT_EQ(
      value(status + "{service=\"RoomService\",method=\"ListRooms\",status=\"200\",code=\"\"}"), 2);
  EXPECT_EQ(value(status + "{service=\"RoomService\",method=\"DeleteRoom\",status=\"4xx\","
                           "code=\"not_found\"}"),
            1);
  const std::string bucket =
      "livekit_node_twirp_request_latency_ms_bucket{service=\"RoomService\","
      "method=\"ListRooms\",status=\"200\",le=";
  EXPECT_EQ(value(bucket + "\"5\"}"), 1);
  EXPECT_EQ(value(bucket + "\"50\"}"), 2);
}

TEST_F(NodeMetricsTest, TheTimeThatPacketsTakeIsAMeanADeviationAndAHistogram) {
  forward(40us, 3);
  forward(440us, 1);
  EXPECT_EQ(value("livekit_forward_latency"), 140'000);
  EXPECT_NEAR(value("livekit_forward_jitter"), 173'205, 1);
  EXPECT_EQ(value("livekit_forward_latency_ns_bucket{le=\"50000\"}"), 3);
  EXPECT_EQ(value("livekit_forward_latency_ns_bucket{le=\"500000\"}"), 4);
  EXPECT_EQ(value("livekit_forward_latency_ns_sum"), 560'000);
}

TEST_F(NodeMetricsTest, TheMeanIsOfTheLastMinute) {
  forward(10'000us, 100);
  EXPECT_EQ(value("livekit_forward_latency"), 10'000'000);
  timers_.advance(61s);
  value("livekit_forward_latency");
  timers_.advance(61s);
  forward(20us, 5);
  EXPECT_EQ(value("livekit_forward_latency"), 20'000);
  EXPECT_EQ(value("livekit_forward_latency_ns_count"), 105);
}

TEST_F(NodeMetricsTest, SwitchesOfLayersCountByTheirDirection) {
  traffic_.switches_up = 4;
  traffic_.switches_down = 3;
  EXPECT_EQ(value("livekit_quality_switch_total{direction=\"up\"}"), 4);
  EXPECT_EQ(value("livekit_quality_switch_total{direction=\"down\"}"), 3);
}

TEST_F(NodeMetricsTest, SendQueuesCountFromTheStart) {
  queues_.queues[2] = {1000, 7};
  NodeMetrics metrics(
      timers_, [this] { return traffic_; }, [this] { return queues_; });
  EXPECT_EQ(value_in(metrics.print({}), "livekit_node_packet_total{type=\"out\"}"), 0);
  queues_.queues[2] = {1500, 9};
  queues_.queues[3] = {20, 0};
  const std::string text = metrics.print({});
  EXPECT_EQ(value_in(text, "livekit_node_packet_total{type=\"out\"}"), 520);
  EXPECT_EQ(value_in(text, "livekit_node_packet_total{type=\"dropped\"}"), 2);
}

TEST_F(NodeMetricsTest, MemoryIsThatOfThisProcess) { EXPECT_GT(value("livekit_process_rss"), 1e6); }

}  // namespace
}  // namespace gstlk::metrics
