// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/room_statistics.h"

#include <gtest/gtest.h>

#include "livekit/json.h"
#include "unit/room/room_fixture.h"

namespace gstlk::metrics {
namespace {

JsonObject* object_of(const livekit::JsonPtr& node) { return json_node_get_object(node.get()); }

JsonObject* at(JsonObject* object, const char* array, unsigned index) {
  return json_array_get_object_element(json_object_get_array_member(object, array), index);
}

std::string text(JsonObject* object, const char* name) {
  return json_object_get_string_member(object, name);
}

int64_t number(JsonObject* object, const char* name) {
  return json_object_get_int_member(object, name);
}

class RoomStatisticsTest : public room::RoomFixture {
 protected:
  livekit::JsonPtr room_statistics(Addresses addresses = Addresses::Hidden) {
    return livekit::parse_json(print_room(room(), {.version = "1.2", .uptime = 3}, addresses));
  }
};

TEST_F(RoomStatisticsTest, ARoomIsListedWithItsTotals) {
  room::Guest ada = join("ada");
  room::Guest bob = join("bob");
  const TrackId camera = publish_camera(ada);
  ada.media->stats = room::TrackStats{.packets = 10, .bitrate = {1'000'000}};
  bob.media->transport.sent[camera].stats.bitrate = {900'000};
  const auto root = livekit::parse_json(print_rooms(registry_, {.version = "1.2", .uptime = 3}));
  ASSERT_TRUE(root);
  EXPECT_EQ(text(json_object_get_object_member(object_of(root), "server"), "version"), "1.2");
  JsonObject* kitchen = at(object_of(root), "rooms", 0);
  EXPECT_EQ(text(kitchen, "name"), "kitchen");
  EXPECT_EQ(number(kitchen, "num_participants"), 2);
  EXPECT_EQ(number(kitchen, "num_publishers"), 1);
  EXPECT_EQ(number(kitchen, "num_tracks"), 1);
  EXPECT_EQ(number(kitchen, "num_subscriptions"), 1);
  EXPECT_EQ(number(kitchen, "bitrate_received"), 1'000'000);
  EXPECT_EQ(number(kitchen, "bitrate_sent"), 900'000);
}

TEST_F(RoomStatisticsTest, AParticipantHasItsConnectionsTracksAndSubscriptions) {
  room::JoinDetails details = RoomFixture::details("ada");
  details.client.set_sdk(::livekit::ClientInfo::JS);
  details.client.set_version("2.5.0");
  room::Guest ada = join(std::move(details));
  room::Guest bob = join("bob");
  const TrackId camera = publish_camera(ada);
  ada.media->transport = {.role = "both",
                          .state = "connected",
                          .protocol = "udp",
                          .remote_address = "192.0.2.1:5000",
                          .candidate_type = "srflx",
                          .round_trip = 12500us};
  ada.media->stats = room::TrackStats{.packets = 100,
                                      .packets_lost = 4,
                                      .jitter = 2ms,
                                      .bitrate = {800'000},
                                      .fraction_lost = 0.25};
  media_->layer_reports[camera] = {
      {.bitrate = {850'000}, .width = 640, .height = 360, .alive = true}};
  bob->on_downstream_bound(camera, "VP8");
  bob.media->transport.sent[camera] = {.stats = {.packets = 90, .keyframe_requests = 2},
                                       .layer = {0, 1, 0}};

  const auto root = room_statistics();
  ASSERT_TRUE(root);
  JsonObject* who = at(object_of(root), "participants", 0);
  EXPECT_EQ(text(who, "identity"), "ada");
  EXPECT_EQ(text(json_object_get_object_member(who, "client"), "sdk"), "JS");
  EXPECT_EQ(text(json_object_get_object_member(who, "client"), "version"), "2.5.0");
  JsonObject* transport = at(who, "transports", 0);
  EXPECT_EQ(text(transport, "candidate_type"), "srflx");
  EXPECT_EQ(json_object_get_double_member(transport, "round_trip"), 12.5);
  JsonObject* track = at(who, "tracks", 0);
  EXPECT_EQ(text(track, "sid"), camera.value);
  EXPECT_EQ(text(track, "source"), "CAMERA");
  EXPECT_EQ(number(track, "bitrate"), 800'000);
  EXPECT_EQ(number(track, "packets_lost"), 4);
  EXPECT_EQ(number(track, "subscribers"), 1);
  EXPECT_EQ(json_object_get_double_member(track, "loss"), 0.25);
  EXPECT_EQ(number(at(track, "layers", 0), "width"), 640);

  JsonObject* viewer = at(object_of(root), "participants", 1);
  // Nothing is known of it: that is not zero.
  EXPECT_TRUE(json_object_get_null_member(at(viewer, "transports", 0), "round_trip"));
  JsonObject* subscription = at(viewer, "subscriptions", 0);
  EXPECT_EQ(text(subscription, "publisher"), "ada");
  EXPECT_EQ(text(subscription, "codec"), "vp8");
  EXPECT_EQ(number(subscription, "keyframe_requests"), 2);
  JsonObject* layer = json_object_get_object_member(subscription, "layer");
  EXPECT_EQ(number(layer, "spatial"), 0);
  EXPECT_EQ(text(layer, "reason"), "only layer");
  EXPECT_EQ(text(layer, "requested_quality"), "HIGH");
  EXPECT_EQ(number(layer, "height"), 360);
}

TEST_F(RoomStatisticsTest, AddressesAreForWhoMaySeeThem) {
  room::JoinDetails details = RoomFixture::details("ada");
  details.client.set_address("192.0.2.1");
  room::Guest ada = join(std::move(details));
  ada.media->transport = {.remote_address = "192.0.2.1:5000"};
  for (const Addresses addresses : {Addresses::Hidden, Addresses::Shown}) {
    const auto root = room_statistics(addresses);
    JsonObject* who = at(object_of(root), "participants", 0);
    const bool shown = addresses == Addresses::Shown;
    EXPECT_EQ(json_object_has_member(at(who, "transports", 0), "remote_address"), shown);
    EXPECT_EQ(json_object_has_member(json_object_get_object_member(who, "client"), "address"),
              shown);
  }
}

TEST_F(RoomStatisticsTest, APipelineIsNodesAndEdges) {
  const auto root = livekit::parse_json(
      print_graph({.nodes = {{"router", "sfu-router"}},
                   .edges = {{"PA_1-publisher", "src_0", "router", "sink_0", "TR_a", "VP8"}}}));
  ASSERT_TRUE(root);
  EXPECT_EQ(text(at(object_of(root), "nodes", 0), "factory"), "sfu-router");
  EXPECT_EQ(text(at(object_of(root), "edges", 0), "to_pad"), "sink_0");
  EXPECT_EQ(text(at(object_of(root), "edges", 0), "encoding"), "VP8");
}

}  // namespace
}  // namespace gstlk::metrics
