// SPDX-License-Identifier: LGPL-2.1-or-later
// livekitsink's pads, in a pipeline that runs while no server answers.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/ref.h"
#include "plugins/livekit/plugin.h"
#include "tests/support/eventually.h"

namespace gstlk::client {
namespace {

using namespace std::chrono_literals;

using gstlk::testing::eventually;

std::string encoded(const char* sink_pad, int width, int height) {
  return " videotestsrc is-live=true ! video/x-raw,width=" + std::to_string(width) +
         ",height=" + std::to_string(height) + ",framerate=15/1 ! vp8enc deadline=1 ! s." +
         sink_pad;
}

std::atomic<int> criticals = 0;

class SinkPadsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    gst_init(nullptr, nullptr);
    ASSERT_TRUE(gstlk_client_register_elements(nullptr));
    g_log_set_default_handler(
        +[](const gchar* domain, GLogLevelFlags level, const gchar* message, gpointer) {
          if (level & G_LOG_LEVEL_CRITICAL) ++criticals;
          g_log_default_handler(domain, level, message, nullptr);
        },
        nullptr);
  }
  static void TearDownTestSuite() { g_log_set_default_handler(g_log_default_handler, nullptr); }
  void SetUp() override { criticals = 0; }
  void TearDown() override {
    if (pipeline_) gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    EXPECT_EQ(criticals, 0);
  }

  // Nothing listens at the discard port.
  void launch(const std::string& line) {
    GError* error = nullptr;
    const std::string whole =
        "livekitsink name=s ws-url=ws://127.0.0.1:9 api-key=k identity=i room-name=r "
        "secret-key=secretsecretsecretsecretsecretsecret timeout=60 " +
        line;
    pipeline_ = Ref<GstElement>::sink(gst_parse_launch(whole.c_str(), &error));
    ASSERT_EQ(error, nullptr) << error->message;
    sink_ = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "s"));
  }
  void play() {
    ASSERT_NE(gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  }
  // Whether the statistics tell of a track of this pad, with this encoding.
  bool tells_of(const char* pad, const char* encoding) const {
    GstStructure* stats = nullptr;
    g_object_get(sink_.get(), "stats", &stats, nullptr);
    const GValue* track = gst_structure_get_value(stats, pad);
    const bool found = track && gst_structure_has_field(gst_value_get_structure(track), encoding);
    gst_structure_free(stats);
    return found;
  }
  // The text of the first message of this type, or "" when none comes.
  std::string wait_for(GstMessageType type) const {
    const auto bus = Ref<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
    const auto message =
        Ref<GstMessage>::adopt(gst_bus_timed_pop_filtered(bus.get(), 10 * GST_SECOND, type));
    if (!message) return "";
    type = GST_MESSAGE_TYPE(message.get());
    if (type == GST_MESSAGE_EOS) return "eos";
    GError* error = nullptr;
    if (type == GST_MESSAGE_ERROR) gst_message_parse_error(message.get(), &error, nullptr);
    if (type == GST_MESSAGE_WARNING) gst_message_parse_warning(message.get(), &error, nullptr);
    const std::string text = error ? error->message : "";
    g_clear_error(&error);
    return text;
  }
  Ref<GstPad> pad(const char* name) const {
    return Ref<GstPad>::adopt(gst_element_get_static_pad(sink_.get(), name));
  }

  Ref<GstElement> pipeline_;
  Ref<GstElement> sink_;
};

TEST_F(SinkPadsTest, MakesOneTrackOfPadsWithOneTrackName) {
  launch("video_0::track=cam video_1::track=cam" + encoded("video_0", 640, 360) +
         encoded("video_1", 320, 180));
  play();
  EXPECT_TRUE(eventually([&] { return tells_of("video_0", "encoding-q"); }));
  EXPECT_TRUE(tells_of("video_0", "encoding-h"));
  EXPECT_FALSE(tells_of("video_1", "encoding-q"));
}

TEST_F(SinkPadsTest, MakesATrackOfEachPadOtherwise) {
  launch("video_0::track=cam" + encoded("video_0", 640, 360) + encoded("video_1", 320, 180));
  play();
  EXPECT_TRUE(eventually(
      [&] { return tells_of("video_0", "encoding") && tells_of("video_1", "encoding"); }));
}

TEST_F(SinkPadsTest, WarnsOfAFourthEncoding) {
  launch("video_0::track=cam video_1::track=cam video_2::track=cam video_3::track=cam" +
         encoded("video_0", 640, 360) + encoded("video_1", 320, 180) + encoded("video_2", 160, 90) +
         encoded("video_3", 80, 44));
  EXPECT_NE(wait_for(GST_MESSAGE_WARNING).find("video_3"), std::string::npos);
}

TEST_F(SinkPadsTest, ReleasesPadsWhileMediaComes) {
  launch("video_0::track=cam video_1::track=cam" + encoded("video_0", 640, 360) +
         encoded("video_1", 320, 180));
  play();
  ASSERT_TRUE(eventually([&] { return tells_of("video_0", "encoding-h"); }));
  // As an application does: the peer is stopped first, so that it does not end with not-linked.
  for (const char* name : {"video_0", "video_1"}) {
    const auto released = pad(name);
    const auto peer = Ref<GstPad>::adopt(gst_pad_get_peer(released.get()));
    const auto encoder = Ref<GstElement>::adopt(gst_pad_get_parent_element(peer.get()));
    gst_pad_add_probe(
        peer.get(), GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
        +[](GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
    gst_pad_unlink(peer.get(), released.get());
    gst_element_release_request_pad(sink_.get(), released.get());
    EXPECT_EQ(pad(name).get(), nullptr);
  }
  EXPECT_EQ(GST_BIN_NUMCHILDREN(sink_.get()), 0);
}

TEST_F(SinkPadsTest, NamesPadsAfterThoseThatAnApplicationNamed) {
  launch("identity");
  for (const std::string kind : {"video", "audio", "data"}) {
    const auto named =
        Ref<GstPad>::adopt(gst_element_request_pad_simple(sink_.get(), (kind + "_0").c_str()));
    const auto next =
        Ref<GstPad>::adopt(gst_element_request_pad_simple(sink_.get(), (kind + "_%u").c_str()));
    ASSERT_TRUE(named && next) << kind;
    EXPECT_EQ(GST_PAD_NAME(next.get()), kind + "_1");
    gst_element_release_request_pad(sink_.get(), named.get());
    gst_element_release_request_pad(sink_.get(), next.get());
  }
}

TEST_F(SinkPadsTest, EndsWhenAllMediaHasEnded) {
  launch(
      "videotestsrc num-buffers=10 ! video/x-raw,width=160,height=90 ! s.video_0 "
      "audiotestsrc num-buffers=10 ! s.audio_0");
  play();
  EXPECT_EQ(wait_for(GST_MESSAGE_EOS), "eos");
}

// As with a file that has no such stream.
TEST_F(SinkPadsTest, EndsWithoutAPadWhoseElementsNobodyFeeds) {
  launch(
      "videotestsrc num-buffers=10 ! video/x-raw,width=160,height=90 ! s.video_0 "
      "queue ! audioconvert ! audioresample ! s.audio_0");
  play();
  EXPECT_EQ(wait_for(GST_MESSAGE_EOS), "eos");
}

TEST_F(SinkPadsTest, DoesNotEndBeforeAPadThatMediaMayComeTo) {
  launch(
      "data_0::topic=t fakesrc num-buffers=5 sizetype=fixed sizemax=10 ! s.data_0 "
      "appsrc caps=audio/x-raw ! queue ! audioconvert ! s.audio_0");
  play();
  const auto peer = Ref<GstPad>::adopt(gst_pad_get_peer(pad("data_0").get()));
  ASSERT_TRUE(eventually([&] { return GST_PAD_IS_EOS(peer.get()); }));
  const auto bus = Ref<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
  EXPECT_FALSE(Ref<GstMessage>::adopt(
      gst_bus_timed_pop_filtered(bus.get(), 300 * GST_MSECOND, GST_MESSAGE_EOS)));
}

TEST_F(SinkPadsTest, EndsWhenAllDataHasEnded) {
  launch("fakesrc num-buffers=5 sizetype=fixed sizemax=10 ! s.data_0");
  play();
  EXPECT_EQ(wait_for(GST_MESSAGE_EOS), "eos");
}

TEST_F(SinkPadsTest, EndsAgainAfterASeek) {
  launch("audiotestsrc name=source num-buffers=10 ! s.audio_0");
  play();
  EXPECT_EQ(wait_for(GST_MESSAGE_EOS), "eos");
  const auto source =
      Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "source"));
  ASSERT_TRUE(gst_element_seek_simple(source.get(), GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
  EXPECT_EQ(wait_for(GST_MESSAGE_EOS), "eos");
}

TEST_F(SinkPadsTest, EndsWhenThePadGoesThatHadNotEnded) {
  launch("audiotestsrc num-buffers=5 ! s.audio_0");
  GstPad* other = gst_element_request_pad_simple(sink_.get(), "audio_1");
  const auto owner = Ref<GstPad>::adopt(other);
  play();
  const auto peer = Ref<GstPad>::adopt(gst_pad_get_peer(pad("audio_0").get()));
  ASSERT_TRUE(eventually([&] { return GST_PAD_IS_EOS(peer.get()); }));
  gst_element_release_request_pad(sink_.get(), other);
  EXPECT_EQ(wait_for(GST_MESSAGE_EOS), "eos");
}

TEST_F(SinkPadsTest, SaysWhyAPadsMediaCannotBePublished) {
  launch("video_0::codec=theora videotestsrc ! video/x-raw,width=160,height=90 ! s.video_0");
  play();
  const std::string error = wait_for(GST_MESSAGE_ERROR);
  EXPECT_NE(error.find("video_0"), std::string::npos) << error;
  EXPECT_NE(error.find("theora"), std::string::npos) << error;
}

TEST_F(SinkPadsTest, DropsDataWhileNobodyIsThere) {
  launch(
      "data_0::topic=t fakesrc num-buffers=20 sizetype=fixed sizemax=10 ! s.data_0 "
      "audiotestsrc num-buffers=5 ! s.audio_0");
  play();
  EXPECT_EQ(wait_for(static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)), "eos");
}

TEST_F(SinkPadsTest, ReadsDestinationsOfData) {
  launch("data_0::destinations=\"alice, bob,,carol\" fakesrc ! s.data_0");
  gchar* destinations = nullptr;
  g_object_get(pad("data_0").get(), "destinations", &destinations, nullptr);
  EXPECT_STREQ(destinations, "alice,bob,carol");
  g_free(destinations);
}

TEST_F(SinkPadsTest, GoesThroughItsStatesAgain) {
  launch(encoded("video_0", 320, 180));
  for (int i = 0; i < 3; ++i) {
    play();
    EXPECT_TRUE(eventually([&] { return tells_of("video_0", "encoding"); }));
    ASSERT_EQ(gst_element_set_state(pipeline_.get(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  }
}

}  // namespace
}  // namespace gstlk::client
