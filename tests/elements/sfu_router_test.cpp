// SPDX-License-Identifier: LGPL-2.1-or-later
// sfu-router between plain RTP elements, in gst-launch syntax.
#include <gst/check/gstharness.h>
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/ref.h"
#include "plugins/sfu/gstsfurouter.h"
#include "plugins/sfu/plugin.h"
#include "plugins/sfu/router_track.h"
#include "plugins/sfu/send_port.h"
#include "plugins/sfu/track_registry.h"
#include "plugins/sfu/worker.h"
#include "plugins/sfu/worker_pool.h"

namespace gstlk {
namespace {

class SfuRouterTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    gst_init(nullptr, nullptr);
    ASSERT_TRUE(gstlk_sfu_register_elements(nullptr));
  }
};

Ref<GstElement> launch(const std::string& line) {
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(line.c_str(), &error);
  EXPECT_EQ(error, nullptr) << (error ? error->message : "");
  g_clear_error(&error);
  return Ref<GstElement>::sink(pipeline);
}

// Runs until end of stream or an error; gives the error's words.
std::string run_to_end(GstElement* pipeline) {
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  const auto bus = Ref<GstBus>::adopt(gst_element_get_bus(pipeline));
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus.get(), 20 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  std::string words = message ? "" : "timeout";
  if (message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    words = error->message;
    g_clear_error(&error);
  }
  if (message) gst_message_unref(message);
  // Counters are lost below PAUSED.
  gst_element_set_state(pipeline, GST_STATE_PAUSED);
  return words;
}

class Launched {
 public:
  explicit Launched(const std::string& line) : pipeline_(launch(line)) {}
  ~Launched() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }
  GstElement* get() const { return pipeline_.get(); }

 private:
  Ref<GstElement> pipeline_;
};

// Counts the buffers that reach a fakesink.
class SinkCounter {
 public:
  SinkCounter(GstElement* pipeline, const char* sink_name)
      : sink_(Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline), sink_name))) {
    g_object_set(sink_.get(), "signal-handoffs", TRUE, nullptr);
    g_signal_connect(sink_.get(), "handoff",
                     G_CALLBACK(+[](GstElement*, GstBuffer*, GstPad*, gpointer data) {
                       ++static_cast<SinkCounter*>(data)->count_;
                     }),
                     this);
  }
  ~SinkCounter() { g_signal_handlers_disconnect_by_data(sink_.get(), this); }
  int count() const { return count_; }

 private:
  Ref<GstElement> sink_;
  std::atomic<int> count_{0};
};

TEST_F(SfuRouterTest, ForwardsVideoToSeveralSubscribersWhoDecodeIt) {
  const Launched pipeline(
      "sfu-router name=r "
      "videotestsrc num-buffers=60 ! video/x-raw,width=320,height=180,framerate=30/1 ! "
      "vp8enc deadline=1 keyframe-max-dist=30 ! rtpvp8pay picture-id-mode=15-bit ! r.sink_0 "
      "r.src_0 ! rtpvp8depay ! vp8dec ! fakesink name=a sync=false async=false "
      "r.src_1 ! rtpvp8depay ! vp8dec ! fakesink name=b sync=false async=false");
  const SinkCounter a(pipeline.get(), "a");
  const SinkCounter b(pipeline.get(), "b");
  EXPECT_EQ(run_to_end(pipeline.get()), "");
  EXPECT_EQ(a.count(), 60);
  EXPECT_EQ(b.count(), 60);
}

TEST_F(SfuRouterTest, KeepsTracksApartByTheirName) {
  const Launched pipeline(
      "sfu-router name=r sink_0::track=cam sink_1::track=mic src_0::track=mic src_1::track=cam "
      "videotestsrc num-buffers=30 ! video/x-raw,width=160,height=90,framerate=30/1 ! "
      "vp8enc deadline=1 ! rtpvp8pay ! r.sink_0 "
      "audiotestsrc num-buffers=50 samplesperbuffer=960 ! audio/x-raw,rate=48000 ! opusenc ! "
      "rtpopuspay ! r.sink_1 "
      "r.src_0 ! rtpopusdepay ! opusdec ! fakesink name=mic sync=false async=false "
      "r.src_1 ! rtpvp8depay ! vp8dec ! fakesink name=cam sync=false async=false");
  const SinkCounter cam(pipeline.get(), "cam");
  const SinkCounter mic(pipeline.get(), "mic");
  EXPECT_EQ(run_to_end(pipeline.get()), "");
  EXPECT_EQ(cam.count(), 30);
  EXPECT_GE(mic.count(), 49);
}

TEST_F(SfuRouterTest, RefusesCapsWithoutAnEncodingNameAndSaysWhatToDo) {
  const Launched pipeline(
      "sfu-router name=r "
      "appsrc name=s caps=application/x-rtp,media=(string)video ! r.sink_0 r.src_0 ! fakesink");
  const auto source = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "s"));
  GstFlowReturn flow = GST_FLOW_OK;
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, 12, nullptr);
  g_signal_emit_by_name(source.get(), "push-buffer", buffer, &flow);
  gst_buffer_unref(buffer);
  EXPECT_NE(run_to_end(pipeline.get()).find("encoding-name"), std::string::npos);
}

Ref<GstBuffer> vp8_packet(uint16_t sequence, uint32_t timestamp, bool keyframe) {
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.u8(0x80);
  writer.u8(0x80 | 96);
  writer.u16(sequence);
  writer.u32(timestamp);
  writer.u32(0x1234);
  writer.u8(0x10);  // start of partition 0, no extension
  writer.u8(keyframe ? 0x00 : 0x01);
  for (uint8_t byte : {0x00, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00, 0x55}) writer.u8(byte);
  return Ref<GstBuffer>::adopt(gst_buffer_new_memdup(bytes.data(), bytes.size()));
}

constexpr const char* kVp8Caps =
    "application/x-rtp,media=(string)video,encoding-name=(string)VP8,clock-rate=90000,payload=96";

TEST_F(SfuRouterTest, AsksForAKeyframeOfWhatHasBegunWhenSomebodySubscribes) {
  auto router = Ref<GstElement>::sink(gst_element_factory_make("sfu-router", nullptr));
  GstHarness* harness = gst_harness_new_with_element(router.get(), "sink_0", "src_0");
  const auto is_asked = [&] {
    bool asked = false;
    while (GstEvent* event = gst_harness_try_pull_upstream_event(harness)) {
      asked |= gst_event_has_name(event, "GstForceKeyUnit");
      gst_event_unref(event);
    }
    return asked;
  };
  gst_harness_set_src_caps_str(harness, kVp8Caps);
  EXPECT_FALSE(is_asked());
  gst_harness_push(harness, vp8_packet(1, 0, false).release());
  EXPECT_TRUE(is_asked());
  gst_harness_teardown(harness);
}

TEST_F(SfuRouterTest, SaysUpstreamThatAKeyframeBegins) {
  auto router = Ref<GstElement>::sink(gst_element_factory_make("sfu-router", nullptr));
  GstHarness* harness = gst_harness_new_with_element(router.get(), "sink_0", "src_0");
  gst_harness_set_src_caps_str(harness, kVp8Caps);
  const auto notices = [&](uint16_t sequence, bool keyframe) {
    gst_harness_push(harness, vp8_packet(sequence, sequence * 3000U, keyframe).release());
    int count = 0;
    while (GstEvent* event = gst_harness_try_pull_upstream_event(harness)) {
      count += gst_event_has_name(event, "sfu-keyframe");
      gst_event_unref(event);
    }
    return count;
  };
  EXPECT_EQ(notices(1, false), 0);
  EXPECT_EQ(notices(2, true), 1);
  EXPECT_EQ(notices(3, false), 0);
  gst_harness_teardown(harness);
}

TEST_F(SfuRouterTest, ForwardsNothingBeforeAKeyframe) {
  auto router = Ref<GstElement>::sink(gst_element_factory_make("sfu-router", nullptr));
  GstHarness* harness = gst_harness_new_with_element(router.get(), "sink_0", "src_0");
  gst_harness_set_src_caps_str(harness, kVp8Caps);
  gst_harness_push(harness, vp8_packet(1, 0, false).release());
  gst_harness_push(harness, vp8_packet(2, 3000, false).release());
  EXPECT_EQ(gst_harness_buffers_received(harness), 0u);
  gst_harness_push(harness, vp8_packet(3, 6000, true).release());
  EXPECT_EQ(gst_harness_buffers_received(harness), 1u);
  gst_harness_teardown(harness);
}

TEST_F(SfuRouterTest, AnswersARetransmissionRequest) {
  auto router = Ref<GstElement>::sink(gst_element_factory_make("sfu-router", nullptr));
  GstHarness* harness = gst_harness_new_with_element(router.get(), "sink_0", "src_0");
  gst_harness_set_src_caps_str(harness, kVp8Caps);
  gst_harness_push(harness, vp8_packet(1, 0, true).release());
  const auto first = Ref<GstBuffer>::adopt(gst_harness_pull(harness));
  GstMapInfo map;
  gst_buffer_map(first.get(), &map, GST_MAP_READ);
  const uint16_t sequence = load_u16(map.data + 2);
  const Bytes sent(map.data, map.data + map.size);
  gst_buffer_unmap(first.get(), &map);
  g_usleep(120'000);  // a request right after sending is taken for a duplicate
  gst_harness_push_upstream_event(
      harness, gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM,
                                    gst_structure_new("GstRTPRetransmissionRequest", "seqnum",
                                                      G_TYPE_UINT, static_cast<guint>(sequence),
                                                      "ssrc", G_TYPE_UINT, 0u, nullptr)));
  const auto again = Ref<GstBuffer>::adopt(gst_harness_try_pull(harness));
  ASSERT_TRUE(again);
  gst_buffer_map(again.get(), &map, GST_MAP_READ);
  EXPECT_EQ(Bytes(map.data, map.data + map.size), sent);
  gst_buffer_unmap(again.get(), &map);
  gst_harness_teardown(harness);
}

TEST_F(SfuRouterTest, PadsComeAndGoWhilePlaying) {
  const Launched pipeline(
      "sfu-router name=r videotestsrc is-live=true ! video/x-raw,width=160,height=90 ! "
      "vp8enc deadline=1 ! rtpvp8pay ! r.sink_0 r.src_0 ! fakesink async=false");
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const auto router = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "r"));
  for (int i = 0; i < 20; ++i) {
    GstElement* sink = gst_element_factory_make("fakesink", nullptr);
    g_object_set(sink, "async", FALSE, nullptr);
    gst_bin_add(GST_BIN(pipeline.get()), sink);
    gst_element_sync_state_with_parent(sink);
    const auto pad = Ref<GstPad>::adopt(gst_element_request_pad_simple(router.get(), "src_%u"));
    const auto sink_pad = Ref<GstPad>::adopt(gst_element_get_static_pad(sink, "sink"));
    EXPECT_EQ(gst_pad_link(pad.get(), sink_pad.get()), GST_PAD_LINK_OK);
    g_usleep(20'000);
    gst_pad_unlink(pad.get(), sink_pad.get());
    gst_element_release_request_pad(router.get(), pad.get());
    gst_element_set_state(sink, GST_STATE_NULL);
    gst_bin_remove(GST_BIN(pipeline.get()), sink);
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
}

// Whoever leaves last, the track goes: its name may come back as another one.
TEST_F(SfuRouterTest, ForgetsATrackThatNoPadNames) {
  const auto router = Ref<GstElement>::sink(gst_element_factory_make("sfu-router", nullptr));
  sfu::TrackRegistry& tracks = gst_sfu_router_get_tracks(GST_SFU_ROUTER(router.get()));
  for (const bool source_first : {true, false}) {
    const auto sink = Ref<GstPad>::adopt(gst_element_request_pad_simple(router.get(), "sink_%u"));
    const auto source = Ref<GstPad>::adopt(gst_element_request_pad_simple(router.get(), "src_%u"));
    const auto peer = Ref<GstPad>::sink(gst_pad_new("peer", GST_PAD_SINK));
    g_object_set(sink.get(), "track", "camera", nullptr);
    g_object_set(source.get(), "track", "camera", nullptr);
    ASSERT_EQ(gst_pad_link(source.get(), peer.get()), GST_PAD_LINK_OK);
    const std::weak_ptr<sfu::RouterTrack> track = tracks.find_or_add("camera");
    gst_element_release_request_pad(router.get(), (source_first ? source : sink).get());
    EXPECT_FALSE(track.expired());
    gst_element_release_request_pad(router.get(), (source_first ? sink : source).get());
    EXPECT_TRUE(track.expired());
  }
}

TEST_F(SfuRouterTest, AReleasedSourcePadIsGone) {
  const auto router = Ref<GstElement>::sink(gst_element_factory_make("sfu-router", nullptr));
  GstPad* source = gst_element_request_pad_simple(router.get(), "src_%u");
  const auto peer = Ref<GstPad>::sink(gst_pad_new("peer", GST_PAD_SINK));
  ASSERT_EQ(gst_pad_link(source, peer.get()), GST_PAD_LINK_OK);
  bool gone = false;
  g_object_weak_ref(
      G_OBJECT(source), +[](gpointer flag, GObject*) { *static_cast<bool*>(flag) = true; }, &gone);
  gst_element_release_request_pad(router.get(), source);
  gst_object_unref(source);
  EXPECT_TRUE(gone);
}

TEST_F(SfuRouterTest, ASourcePadThatIsGivenAnotherTrackLetsGoOfTheFirst) {
  const auto router = Ref<GstElement>::sink(gst_element_factory_make("sfu-router", nullptr));
  sfu::TrackRegistry& tracks = gst_sfu_router_get_tracks(GST_SFU_ROUTER(router.get()));
  const auto source = Ref<GstPad>::adopt(gst_element_request_pad_simple(router.get(), "src_%u"));
  const auto peer = Ref<GstPad>::sink(gst_pad_new("peer", GST_PAD_SINK));
  g_object_set(source.get(), "track", "camera", nullptr);
  ASSERT_EQ(gst_pad_link(source.get(), peer.get()), GST_PAD_LINK_OK);
  const std::weak_ptr<sfu::RouterTrack> track = tracks.find_or_add("camera");
  EXPECT_FALSE(track.expired());
  g_object_set(source.get(), "track", "screen", nullptr);
  EXPECT_TRUE(track.expired());
  gst_element_release_request_pad(router.get(), source.get());
}

// A router and what it sends to an element that knows RTP alone.
class AudioRouterTest : public SfuRouterTest {
 protected:
  AudioRouterTest()
      : router_(Ref<GstElement>::sink(gst_element_factory_make("sfu-router", nullptr))),
        harness_(gst_harness_new_with_element(router_.get(), "sink_0", "src_0")) {
    set_caps("OPUS", 48'000);
  }
  ~AudioRouterTest() override { gst_harness_teardown(harness_); }

  void set_caps(const char* encoding_name, int clock_rate) {
    gst_harness_set_src_caps(
        harness_, gst_caps_new_simple("application/x-rtp", "media", G_TYPE_STRING, "audio",
                                      "encoding-name", G_TYPE_STRING, encoding_name, "clock-rate",
                                      G_TYPE_INT, clock_rate, "payload", G_TYPE_INT, 96, nullptr));
  }

  // The number under which the packet came out.
  std::optional<uint16_t> forward(uint16_t sequence) {
    Bytes bytes;
    ByteWriter writer(bytes);
    writer.u16(0x8060);
    writer.u16(sequence);
    writer.u32(sequence * 960u);
    writer.u32(0x1234);
    writer.u8(1);
    gst_harness_push(harness_, gst_buffer_new_memdup(bytes.data(), bytes.size()));
    const auto out = Ref<GstBuffer>::adopt(gst_harness_try_pull(harness_));
    if (!out) return std::nullopt;
    std::array<uint8_t, 4> begin{};
    gst_buffer_extract(out.get(), 0, begin.data(), begin.size());
    return load_u16(begin.data() + 2);
  }

  Ref<GstElement> router_;
  GstHarness* harness_;
};

TEST_F(AudioRouterTest, NumbersGoOnWhenTheCodecChanges) {
  const auto first = forward(100);
  ASSERT_TRUE(first);
  EXPECT_EQ(forward(101), static_cast<uint16_t>(*first + 1));
  for (uint16_t i = 0; i < 6; ++i) {
    set_caps(i % 2 ? "OPUS" : "PCMU", i % 2 ? 48'000 : 8'000);
    EXPECT_EQ(forward(static_cast<uint16_t>(102 + i)), static_cast<uint16_t>(*first + 2 + i));
  }
}

TEST_F(AudioRouterTest, GoesOnWhenTheSinkPadEntersAnew) {
  auto last = forward(0);
  ASSERT_TRUE(last);
  // Some minutes: the numbers went round.
  for (uint16_t sequence : {20'000, 40'000, 60'000, 14'000, 34'000}) last = forward(sequence);
  ASSERT_TRUE(last);
  const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(router_.get(), "sink_0"));
  g_object_set(sink.get(), "layer", 0u, "screen-share", TRUE, nullptr);
  EXPECT_EQ(forward(34'001), static_cast<uint16_t>(*last + 1));
  EXPECT_EQ(forward(34'002), static_cast<uint16_t>(*last + 2));
}

// An sfu-transport's sink pad, without the transport.
class FakeTransport final : public sfu::SendPort {
 public:
  explicit FakeTransport(sfu::Worker& worker) : worker_(worker) {}

  void set_listener(std::shared_ptr<Listener> listener) override {
    if (listener) worker_.post([this, listener] { listener->on_port_bound(worker_); });
  }
  void prefetch_next() const override {}
  std::optional<Duration> round_trip() const override { return std::nullopt; }
  std::optional<sfu::StreamPosition> position() const override {
    return sfu::StreamPosition{500, 90'000, sfu::Worker::read_clock() - 1s};
  }
  void stage(std::span<const sfu::StagedPacket> packets) override {
    for (const sfu::StagedPacket& packet : packets) sent_.push(packet.rewrite);
  }

  std::optional<forward::Rewrite> wait() { return sent_.wait(); }

 private:
  class Queue {
   public:
    void push(const forward::Rewrite& rewrite) {
      const std::lock_guard lock(mutex_);
      rewrites_.push_back(rewrite);
      came_.notify_all();
    }
    std::optional<forward::Rewrite> wait() {
      std::unique_lock lock(mutex_);
      if (!came_.wait_for(lock, 100ms, [this] { return !rewrites_.empty(); })) return std::nullopt;
      return rewrites_.front();
    }

   private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::vector<forward::Rewrite> rewrites_;
  };

  sfu::Worker& worker_;
  Queue sent_;
};

// A router with a track of VP8 and a subscriber behind a transport, whose worker it runs on.
class TransportRouterTest : public SfuRouterTest {
 protected:
  void SetUp() override {
    pool_ = open_pool();
    ASSERT_TRUE(pool_);
    worker_ = std::make_unique<sfu::Worker>(0, *pool_, std::vector<sfu::Worker::Endpoint>{},
                                            std::vector<sfu::Worker::Endpoint>{});
    transport_ = std::make_shared<FakeTransport>(*worker_);
    peer_ = Ref<GstPad>::sink(gst_pad_new("peer", GST_PAD_SINK));
    g_object_set_data(G_OBJECT(peer_.get()), "port", &transport_);
    gst_pad_set_query_function(
        peer_.get(), +[](GstPad* pad, GstObject*, GstQuery* query) -> gboolean {
          auto* port = static_cast<std::shared_ptr<FakeTransport>*>(
              g_object_get_data(G_OBJECT(pad), "port"));
          return sfu::answer_send_port_query(query, *port);
        });
    gst_pad_set_chain_list_function(
        peer_.get(), +[](GstPad*, GstObject*, GstBufferList* list) {
          gst_buffer_list_unref(list);
          return GST_FLOW_OK;
        });
    gst_pad_set_active(peer_.get(), TRUE);
    harness_ = gst_harness_new_with_element(router_.get(), "sink_0", nullptr);
    gst_harness_set_src_caps_str(harness_, kVp8Caps);
    source_ = Ref<GstPad>::adopt(gst_element_request_pad_simple(router_.get(), "src_%u"));
    ASSERT_EQ(gst_pad_link(source_.get(), peer_.get()), GST_PAD_LINK_OK);
  }
  void TearDown() override {
    gst_element_release_request_pad(router_.get(), source_.get());
    worker_->stop();
    gst_harness_teardown(harness_);
  }

  // What is sent first when so many keyframes are pushed, one after the other.
  std::optional<forward::Rewrite> push_until_sent(uint16_t from) {
    for (uint16_t i = from; i < from + 100; ++i) {
      gst_harness_push(harness_, vp8_packet(i, i * 3000u, true).release());
      if (const auto sent = transport_->wait()) return sent;
    }
    return std::nullopt;
  }

  const Ref<GstElement> router_ =
      Ref<GstElement>::sink(gst_element_factory_make("sfu-router", nullptr));
  std::shared_ptr<sfu::WorkerPool> pool_;
  std::unique_ptr<sfu::Worker> worker_;
  std::shared_ptr<FakeTransport> transport_;
  Ref<GstPad> peer_;
  Ref<GstPad> source_;
  GstHarness* harness_ = nullptr;

 private:
  static std::shared_ptr<sfu::WorkerPool> open_pool() {
    sfu::WorkerPoolConfig config;
    config.workers = 1;
    config.addresses = {"127.0.0.1"};
    config.tcp_port = 0;
    // Any free port: tests run beside each other.
    for (config.udp_port = 20'200; config.udp_port < 20'400; ++config.udp_port) {
      if (auto opened = sfu::WorkerPool::create(config)) return *opened;
    }
    return nullptr;
  }
};

// Whatever router sent under its SSRC and its key before.
TEST_F(TransportRouterTest, NumbersGoOnWhereTheTransportsStreamIs) {
  const auto first = push_until_sent(0);
  ASSERT_TRUE(first);
  // Another session of the transport.
  const auto before = std::exchange(transport_, std::make_shared<FakeTransport>(*worker_));
  gst_pad_push_event(peer_.get(), gst_event_new_reconfigure());
  EXPECT_TRUE(push_until_sent(100));
  EXPECT_EQ(first->sequence, 500);
  EXPECT_GT(first->timestamp, 170'000u);  // a second later
}

// Nothing is published on it, muted or not.
TEST_F(TransportRouterTest, WhoSubscribesToASilentTrackGetsFiller) {
  std::optional<forward::Rewrite> filler;
  for (int i = 0; i < 50 && !filler; ++i) filler = transport_->wait();
  ASSERT_TRUE(filler);
  EXPECT_EQ(filler->sequence, 500);
  EXPECT_EQ(filler->head_size, 0);
}

TEST_F(SfuRouterTest, GoesThroughAllStates) {
  for (const char* name : {"sfu-router"}) {
    auto element = Ref<GstElement>::sink(gst_element_factory_make(name, nullptr));
    ASSERT_TRUE(element);
    for (int i = 0; i < 3; ++i) {
      EXPECT_NE(gst_element_set_state(element.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
      EXPECT_NE(gst_element_set_state(element.get(), GST_STATE_NULL), GST_STATE_CHANGE_FAILURE);
    }
  }
}

}  // namespace
}  // namespace gstlk
