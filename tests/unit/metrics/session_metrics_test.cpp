// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/session_metrics.h"

#include <gtest/gtest.h>

#include "metrics_text.h"
#include "unit/room/room_fixture.h"

namespace gstlk::metrics {
namespace {

class SessionMetricsTest : public room::RoomFixture {
 protected:
  SessionMetricsTest() { registry_.add_listener(metrics_); }

  double value(const std::string& sample) { return value_in(metrics_.print({}), sample); }
  double subscriptions(const std::string& state, const std::string& error = "") {
    return value("livekit_track_subscribe_counter{state=\"" + state + "\",error=\"" + error +
                 "\"}");
  }

  SessionMetrics metrics_{timers_, registry_.tally()};
};

TEST_F(SessionMetricsTest, AJoinTakesFromItsRequestToItsResponse) {
  room::JoinDetails ada = details("ada");
  ada.asked = timers_.now();
  timers_.advance(30ms);
  join(std::move(ada));
  join_hall("forwarded");  // nobody asked
  EXPECT_EQ(value("livekit_session_join_latency_ms_sum{protocol_version=\"17\"}"), 30);
  EXPECT_EQ(value("livekit_session_join_latency_ms_count{protocol_version=\"17\"}"), 1);
  EXPECT_EQ(value("livekit_participant_join_total{state=\"signal_connected\",warp=\"\"}"), 1);
  EXPECT_EQ(value("livekit_participant_join_total{state=\"rtc_active\",warp=\"false\"}"), 1);
  EXPECT_EQ(value("livekit_session_start_time_ms_count{protocol_version=\"17\",warp=\"false\"}"),
            1);
  EXPECT_EQ(value("livekit_node_service_operation{type=\"participant_join\",status=\"success\","
                  "error_type=\"\"}"),
            1);
}

TEST_F(SessionMetricsTest, AProtocolThatIsNotOursIsOneWord) {
  for (const int protocol : {-1, 0, 17, 18, 1000, 1001}) {
    room::JoinDetails ada = details("ada" + std::to_string(protocol));
    ada.asked = timers_.now();
    ada.client.set_protocol(protocol);
    join(std::move(ada));
  }
  for (const auto& [word, times] : {std::pair("0", 1), std::pair("17", 1), std::pair("other", 4)}) {
    const std::string labels = "{protocol_version=\"" + std::string(word) + "\"";
    EXPECT_EQ(value("livekit_session_join_latency_ms_count" + labels + "}"), times) << word;
    EXPECT_EQ(value("livekit_session_start_time_ms_count" + labels + ",warp=\"false\"}"), times);
  }
}

TEST_F(SessionMetricsTest, ATrackIsAttemptedPublishedOrCancelled) {
  const std::string of_video = "livekit_track_publish_counter{kind=\"VIDEO\",state=";
  room::Guest ada = join("ada");
  publish_camera(ada);
  EXPECT_EQ(value(of_video + "\"attempt\"}"), 1);
  EXPECT_EQ(value(of_video + "\"success\"}"), 1);
  ada.media->sends_at_once = false;
  publish(ada, "screen", ::livekit::VIDEO, ::livekit::SCREEN_SHARE);
  EXPECT_EQ(value(of_video + "\"attempt\"}"), 2);
  EXPECT_EQ(value(of_video + "\"success\"}"), 1);
  timers_.advance(31s);  // It is never offered.
  EXPECT_EQ(value(of_video + "\"cancel\"}"), 1);
}

TEST_F(SessionMetricsTest, ATrackThatEndsBeforeItsPublisherIsActiveIsCancelled) {
  const std::string of_video = "livekit_track_publish_counter{kind=\"VIDEO\",state=";
  room::Guest ada = arrive(room(), details("ada"));
  publish_camera(ada);
  ada->on_upstream_tracks({});
  EXPECT_EQ(value(of_video + "\"cancel\"}"), 1);
  publish_camera(ada);
  room().remove(*ada.participant, {::livekit::JOIN_FAILURE});
  EXPECT_EQ(value(of_video + "\"attempt\"}"), 2);
  EXPECT_EQ(value(of_video + "\"success\"}"), -1);
  EXPECT_EQ(value(of_video + "\"cancel\"}"), 2);
}

TEST_F(SessionMetricsTest, PublishingTakesUntilTheTrackIsThere) {
  room::Guest ada = join("ada");
  ada.media->sends_at_once = false;
  publish(ada, "mic", ::livekit::AUDIO, ::livekit::MICROPHONE);
  timers_.advance(250ms);
  ada->on_upstream_tracks({{.cid = "mic",
                            .sdp_cid = "mic",
                            .mid = Mid("0"),
                            .kind = room::TrackKind::Audio,
                            .codecs = {"opus"}}});
  EXPECT_EQ(value("livekit_pubsubtime_ms_sum{direction=\"publish\",source=\"MICROPHONE\","
                  "type=\"AUDIO\",country=\"\",sdk=\"UNKNOWN\",kind=\"STANDARD\",count=\"1\"}"),
            250);
}

TEST_F(SessionMetricsTest, ASubscriptionTakesUntilItIsNegotiated) {
  room::Guest ada = join("ada");
  room::Guest bob = join("bob");
  const TrackId camera = publish_camera(ada);
  EXPECT_EQ(subscriptions("attempt"), 1);
  EXPECT_EQ(subscriptions("success"), -1);
  timers_.advance(150ms);
  bob->on_downstream_bound(camera, "VP8");
  EXPECT_EQ(subscriptions("success"), 1);
  const std::string time =
      "livekit_pubsubtime_ms_sum{direction=\"subscribe\",source=\"CAMERA\","
      "type=\"VIDEO\",country=\"\",sdk=\"UNKNOWN\",kind=\"STANDARD\",count=";
  EXPECT_EQ(value(time + "\"1\"}"), 150);
  bob->subscriptions().set_wanted(camera, false);
  bob->subscriptions().set_wanted(camera, true);
  timers_.advance(20ms);
  bob->on_downstream_bound(camera, "VP8");
  EXPECT_EQ(value(time + "\"2\"}"), 20);
  EXPECT_EQ(subscriptions("attempt"), 2);
  EXPECT_EQ(subscriptions("success"), 2);
  EXPECT_EQ(subscriptions("cancel"), -1);
}

TEST_F(SessionMetricsTest, ASubscriptionFailsOrIsCancelledOnce) {
  room::Guest ada = join("ada");
  room::Guest bob = join("bob");
  const TrackId camera = publish_camera(ada);
  bob->on_downstream_refused(camera);
  EXPECT_EQ(subscriptions("failure", "codec is not supported by remote"), 1);
  EXPECT_EQ(subscriptions("cancel"), -1);
  bob->subscriptions().set_wanted(TrackId("TR_nobody"), true);
  EXPECT_EQ(subscriptions("attempt"), 2);
  timers_.advance(61s);
  EXPECT_EQ(subscriptions("failure", "track cannot be found"), 1);
  publish_microphone(ada);
  EXPECT_EQ(subscriptions("attempt"), 3);
  registry_.shut_down();
  EXPECT_EQ(subscriptions("cancel"), 1);
}

TEST_F(SessionMetricsTest, StreamsAreObservedByWhatTheyAreAndHowLong) {
  room::Guest ada = join("ada");
  ::livekit::DataPacket packet;
  packet.add_destination_identities("bob");
  packet.add_destination_identities("cleo");
  ::livekit::DataStream_Header& header = *packet.mutable_stream_header();
  header.mutable_byte_header()->set_name("cat.png");
  header.set_mime_type("Image/PNG");
  header.set_total_length(3000);
  ada->on_data(room::DataChannelKind::Reliable, as_bytes(packet.SerializeAsString()));
  const std::string labels = "type=\"bytes\",mime_type=\"image\"";
  EXPECT_EQ(value("livekit_datapacket_stream_dest_count_sum{" + labels + "}"), 2);
  EXPECT_EQ(value("livekit_datapacket_stream_bytes_bucket{" + labels + ",le=\"2048\"}"), 0);
  EXPECT_EQ(value("livekit_datapacket_stream_bytes_bucket{" + labels + ",le=\"8192\"}"), 1);
  header.set_mime_type("anything");
  header.clear_total_length();
  ada->on_data(room::DataChannelKind::Reliable, as_bytes(packet.SerializeAsString()));
  EXPECT_EQ(
      value("livekit_datapacket_stream_dest_count_count{type=\"bytes\",mime_type=\"unknown\"}"), 1);
}

TEST_F(SessionMetricsTest, MessagesAreWhatTheTallySays) {
  registry_.tally() = {.requests = 5, .malformed_requests = 2, .responses = 9, .answers = 1};
  const std::string messages = "livekit_node_messages{type=\"signal\",status=";
  EXPECT_EQ(value(messages + "\"success\",direction=\"request\"}"), 5);
  EXPECT_EQ(value(messages + "\"failure\",direction=\"request\"}"), 2);
  EXPECT_EQ(value(messages + "\"success\",direction=\"response\"}"), 9);
  EXPECT_EQ(
      value("livekit_node_service_operation{type=\"answer\",status=\"success\",error_type=\"\"}"),
      1);
}

TEST_F(SessionMetricsTest, ADescriptionOfNoUseIsAnError) {
  room::Guest ada = join("ada");
  ada->on_negotiation_failed("no such m-line");
  EXPECT_EQ(value("livekit_node_service_operation{type=\"answer\",status=\"error\","
                  "error_type=\"remote_description\"}"),
            1);
}

}  // namespace
}  // namespace gstlk::metrics
