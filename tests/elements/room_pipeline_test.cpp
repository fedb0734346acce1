// SPDX-License-Identifier: LGPL-2.1-or-later
// A room's pipeline as the daemon makes it, driven through room/media.h.
#include <arpa/inet.h>
#include <gst/gst.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <string>

#include "graph/media_graph.h"
#include "graph/room_pipeline.h"
#include "plugins/sfu/worker.h"
#include "room/media.h"
#include "transport/ice_client.h"

namespace gstlk::graph {
namespace {

class Listener final : public room::PeerTransportListener {
 public:
  void on_ice_connected() override { ice_connected = true; }
  void on_connected() override {}
  void on_failed() override {}
  void on_data_channel_open(room::DataChannelKind) override {}
  void on_data(room::DataChannelKind, ByteView) override {}
  void on_data_low(room::DataChannelKind) override {}

  bool ice_connected = false;
};

sdp::MediaPlan video_plan(const char* mid, bool receive) {
  sdp::MediaPlan plan;
  plan.mid = Mid(mid);
  plan.kind = sdp::MediaKind::Video;
  plan.receive = receive;
  plan.send = !receive;
  plan.formats.push_back({PayloadType(96), "VP8", 90000});
  if (receive) plan.rids = {Rid("q"), Rid("h"), Rid("f")};
  return plan;
}

class RoomPipelineTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  RoomPipelineTest() {
    sfu::WorkerPoolConfig config;
    config.workers = 1;
    config.addresses = {"127.0.0.1"};
    config.tcp_port = 0;
    // Any free port: tests run beside each other.
    for (port_ = 20'000; !graph_ && port_ < 20'200; ++port_) {
      config.udp_port = port_;
      auto graph = MediaGraph::create(config);
      if (!graph) continue;
      graph_ = std::move(*graph);
      break;
    }
  }
  // A client's connectivity check.
  void send_check(const room::LocalTransport& to) const {
    transport::IceClient ice([](std::span<uint8_t> out) { std::ranges::fill(out, uint8_t{'x'}); });
    ice.set_remote({to.ice_ufrag, to.ice_pwd}, {});
    std::array<uint8_t, 512> check;
    const size_t size = ice.poll_check(sfu::Worker::read_clock(), check);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
    sendto(socket, check.data(), size, 0, reinterpret_cast<const sockaddr*>(&address),
           sizeof address);
    close(socket);
  }

  std::unique_ptr<MediaGraph> graph_;
  uint16_t port_ = 0;
  Listener listener_;
};

size_t count(const std::string& text, const std::string& word) {
  size_t found = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

// Links into pads of the element `name`; the lines that only lay out an element are invisible.
size_t links_to(const std::string& text, const std::string& name) {
  size_t found = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    found += line.find(" -> " + name + "_") != std::string::npos &&
             line.find("invis") == std::string::npos;
  }
  return found;
}

TEST_F(RoomPipelineTest, ItsDotDumpShowsTheCall) {
  ASSERT_TRUE(graph_);
  auto media = graph_->factory()(RoomName("kitchen"));
  auto& room = static_cast<RoomPipeline&>(*media);
  auto ada = media->add_transport("ada", listener_);
  auto bob = media->add_transport("bob", listener_);
  ada->set_media({video_plan("0", true)});
  ada->publish(Mid("0"),
               {TrackId("TR_cam"), room::TrackKind::Video, {Rid("q"), Rid("h"), Rid("f")}});
  bob->set_media({video_plan("0", false)});
  bob->subscribe({TrackId("TR_cam"), TrackId("TR_cam"), Mid("0"), Ssrc(7), Ssrc(8), "VP8"}, {});

  const std::string text = room.dot();
  EXPECT_NE(text.find("room-kitchen"), std::string::npos);
  EXPECT_NE(text.find("GstSfuRouter"), std::string::npos);
  EXPECT_GE(count(text, "GstSfuTransport\\n"), 2u);
  // Three layers in, one subscription out.
  EXPECT_EQ(links_to(text, "router"), 3u) << text;
  EXPECT_EQ(links_to(text, "bob"), 1u) << text;

  bob->unsubscribe(TrackId("TR_cam"));
  EXPECT_EQ(links_to(room.dot(), "bob"), 0u);
  ada->unpublish(TrackId("TR_cam"));
  EXPECT_EQ(links_to(room.dot(), "router"), 0u);
}

TEST_F(RoomPipelineTest, ItsGraphHasTheLinksWithTheirTracks) {
  ASSERT_TRUE(graph_);
  auto media = graph_->factory()(RoomName("kitchen"));
  auto ada = media->add_transport("ada", listener_);
  auto bob = media->add_transport("bob", listener_);
  ada->set_media({video_plan("0", true)});
  ada->publish(Mid("0"),
               {TrackId("TR_cam"), room::TrackKind::Video, {Rid("q"), Rid("h"), Rid("f")}});
  bob->set_media({video_plan("0", false)});
  bob->subscribe({TrackId("TR_cam"), TrackId("TR_cam"), Mid("0"), Ssrc(7), Ssrc(8), "VP8"}, {});

  const room::PipelineGraph graph = media->graph();
  EXPECT_EQ(graph.nodes.size(), 3u);
  ASSERT_EQ(graph.edges.size(), 4u);
  size_t into = 0;
  for (const auto& edge : graph.edges) {
    EXPECT_EQ(edge.track, "TR_cam");
    into += edge.from == "ada" && edge.to == "router";
    if (edge.from == "router") {
      EXPECT_EQ(edge.to, "bob");
      EXPECT_EQ(edge.to_pad, "sink_0");
    }
  }
  EXPECT_EQ(into, 3u);
  const room::TransportReport report = ada->report();
  EXPECT_EQ(report.state, "new");
  EXPECT_EQ(report.protocol, "");
}

TEST_F(RoomPipelineTest, ATrackIsKnownWhileOneOfItsEncodingsIsThere) {
  ASSERT_TRUE(graph_);
  auto media = graph_->factory()(RoomName("kitchen"));
  auto& room = static_cast<RoomPipeline&>(*media);
  const TrackId track("TR_cam");
  const room::PublishedMedia camera{track, room::TrackKind::Video, {Rid("q"), Rid("h"), Rid("f")}};
  const Ref<GstPad> low = room.add_encoding(camera, Rid("q"));
  const Ref<GstPad> high = room.add_encoding(camera, Rid("f"));
  // What the router knows of a track begins with its caps.
  gst_pad_send_event(low.get(), gst_event_new_stream_start("camera"));
  GstCaps* caps = gst_caps_from_string(
      "application/x-rtp, media=video, encoding-name=VP8, clock-rate=90000, payload=96");
  gst_pad_send_event(low.get(), gst_event_new_caps(caps));
  gst_caps_unref(caps);
  EXPECT_FALSE(room.layers(track).empty());
  room.remove_encoding(high);
  EXPECT_FALSE(room.layers(track).empty());
  room.remove_encoding(low);
  EXPECT_TRUE(room.layers(track).empty());
}

TEST_F(RoomPipelineTest, AnEncodingEntersItsTrackWithEverythingThatIsKnownOfIt) {
  ASSERT_TRUE(graph_);
  auto media = graph_->factory()(RoomName("kitchen"));
  auto& room = static_cast<RoomPipeline&>(*media);
  struct Known {
    guint layer = 0;
    gboolean screen_share = FALSE;
    GBytes* trailer = nullptr;
  } known;
  const auto router =
      Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(room.pipeline()), "router"));
  g_signal_connect(
      router.get(), "pad-added", G_CALLBACK(+[](GstElement*, GstPad* pad, gpointer data) {
        g_signal_connect(
            pad, "notify::track", G_CALLBACK(+[](GObject* object, GParamSpec*, gpointer out) {
              auto* seen = static_cast<Known*>(out);
              g_object_get(object, "layer", &seen->layer, "screen-share", &seen->screen_share,
                           "filler-trailer", &seen->trailer, nullptr);
            }),
            data);
      }),
      &known);
  room::PublishedMedia screen{
      TrackId("TR_screen"), room::TrackKind::Video, {Rid("q"), Rid("h"), Rid("f")}};
  screen.screen_share = true;
  screen.filler_trailer = "trailer";
  const Ref<GstPad> high = room.add_encoding(screen, Rid("f"));
  EXPECT_EQ(known.layer, 2u);
  EXPECT_TRUE(known.screen_share);
  ASSERT_TRUE(known.trailer);
  EXPECT_EQ(g_bytes_get_size(known.trailer), 7u);
  g_bytes_unref(known.trailer);
  room.remove_encoding(high);
}

TEST_F(RoomPipelineTest, ALargeRoomHasSeveralRoutersAndEachTrackIsInOne) {
  ASSERT_TRUE(graph_);
  auto media = graph_->factory()(RoomName("hall"));
  auto& room = static_cast<RoomPipeline&>(*media);
  const auto router_of = [](const Ref<GstPad>& pad) {
    return Ref<GstElement>::adopt(gst_pad_get_parent_element(pad.get())).get();
  };
  const TrackId first("TR_first");
  const TrackId second("TR_second");
  std::vector<Ref<GstPad>> pads;
  for (int i = 0; i < 1100; ++i) pads.push_back(room.add_subscription(first));
  EXPECT_EQ(router_of(pads.back()), router_of(pads.front()));
  const Ref<GstPad> other = room.add_subscription(second);
  EXPECT_NE(router_of(other), router_of(pads.front()));
  const Ref<GstPad> sink = room.add_encoding({second, room::TrackKind::Video, {Rid("")}}, Rid(""));
  EXPECT_EQ(router_of(sink), router_of(other));
  room.remove_encoding(sink);
  room.remove_subscription(second, other);
  for (const Ref<GstPad>& pad : pads) room.remove_subscription(first, pad);
  // There is room in the first one again.
  const Ref<GstPad> back = room.add_subscription(second);
  EXPECT_EQ(media->graph().nodes.size(), 2u);
  gchar* name = gst_object_get_name(GST_OBJECT(router_of(back)));
  EXPECT_STREQ(name, "router");
  g_free(name);
  room.remove_subscription(second, back);
}

TEST_F(RoomPipelineTest, ATransportHasCredentialsAndCandidatesAndChangesThemWhenIceRestarts) {
  ASSERT_TRUE(graph_);
  auto media = graph_->factory()(RoomName("kitchen"));
  auto ada = media->add_transport("ada", listener_);
  const room::LocalTransport before = ada->local();
  EXPECT_GE(before.ice_ufrag.size(), 4u);
  EXPECT_GE(before.ice_pwd.size(), 22u);
  EXPECT_EQ(before.fingerprint.find("sha-256 "), 0u);
  ASSERT_FALSE(ada->candidates().empty());
  EXPECT_NE(ada->candidates().front().find(" 127.0.0.1 "), std::string::npos);
  ada->restart_ice();
  EXPECT_NE(ada->local().ice_ufrag, before.ice_ufrag);
  EXPECT_NE(ada->local().ice_pwd, before.ice_pwd);
  EXPECT_EQ(ada->local().fingerprint, before.fingerprint);
}

TEST_F(RoomPipelineTest, ItIsToldWhenTheChecksOfAPeerComeThrough) {
  ASSERT_TRUE(graph_);
  auto media = graph_->factory()(RoomName("kitchen"));
  auto ada = media->add_transport("ada", listener_);
  EXPECT_FALSE(listener_.ice_connected);
  send_check(ada->local());
  for (int i = 0; i < 500 && !listener_.ice_connected; ++i) {
    if (!g_main_context_iteration(nullptr, FALSE)) g_usleep(10'000);
  }
  EXPECT_TRUE(listener_.ice_connected);
}

TEST_F(RoomPipelineTest, TransportsComeAndGoWithoutLeavingPadsBehind) {
  ASSERT_TRUE(graph_);
  auto media = graph_->factory()(RoomName("kitchen"));
  auto& room = static_cast<RoomPipeline&>(*media);
  const std::string empty = room.dot();
  for (int i = 0; i < 20; ++i) {
    auto ada = media->add_transport("ada", listener_);
    auto bob = media->add_transport("bob", listener_);
    ada->set_media({video_plan("0", true)});
    ada->publish(Mid("0"),
                 {TrackId("TR_cam"), room::TrackKind::Video, {Rid("q"), Rid("h"), Rid("f")}});
    bob->set_media({video_plan("0", false)});
    bob->subscribe({TrackId("TR_cam"), TrackId("TR_cam"), Mid("0"), Ssrc(7), {}, "VP8"}, {});
    // The publisher may go first, and the m-line may vanish before the track is unpublished.
    if (i % 2) {
      ada->set_media({});
      ada.reset();
    }
  }
  const std::string after = room.dot();
  EXPECT_EQ(count(after, "GstSfuTransport\\n"), 0u);
  EXPECT_EQ(count(after, "sink_"), count(empty, "sink_")) << after;
}

}  // namespace
}  // namespace gstlk::graph
