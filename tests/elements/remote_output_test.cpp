// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/remote_output.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "base/ref.h"
#include "tests/support/eventually.h"

namespace gstlk::client {
namespace {

using gstlk::testing::eventually;

// An audio track of which the RTP comes from a pad of the test's, in a pipeline; packets that come
// out are counted.
class RemoteOutputTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
  void SetUp() override {
    pipeline_ = Ref<GstElement>::sink(gst_pipeline_new(nullptr));
    output_ = std::make_unique<RemoteOutput>(
        GST_BIN(pipeline_.get()), "audio_0",
        TrackIdentity{.identity = "ada", .name = "voice", .kind = MediaKind::Audio},
        200 * GST_MSECOND);
    sink_ = gst_element_factory_make("fakesink", nullptr);
    g_object_set(sink_, "async", FALSE, "sync", FALSE, "signal-handoffs", TRUE, nullptr);
    g_signal_connect(sink_, "handoff",
                     G_CALLBACK(+[](GstElement*, GstBuffer*, GstPad*, RemoteOutputTest* self) {
                       if (self->goes_on_.valid()) self->goes_on_.wait();
                       self->received_ += 1;
                     }),
                     this);
    gst_bin_add(GST_BIN(pipeline_.get()), sink_);
    const auto behind = Ref<GstPad>::adopt(gst_element_get_static_pad(sink_, "sink"));
    const auto own_bin = Ref<GstElement>::adopt(gst_pad_get_parent_element(output_->pad()));
    ASSERT_EQ(gst_element_link_pads(own_bin.get(), "src", sink_, "sink"), TRUE);
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    source_ = Ref<GstPad>::sink(gst_pad_new("source", GST_PAD_SRC));
    gst_pad_set_active(source_.get(), TRUE);
    gst_pad_push_event(source_.get(), gst_event_new_stream_start("rtp"));
    const auto caps = Ref<GstCaps>::adopt(
        gst_caps_from_string("application/x-rtp,media=audio,encoding-name=OPUS,payload=111,"
                             "clock-rate=48000"));
    gst_pad_push_event(source_.get(), gst_event_new_caps(caps.get()));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(source_.get(), gst_event_new_segment(&segment));
    ASSERT_TRUE(output_->attach(source_.get(), OutputForm::Encoded));
  }
  void TearDown() override {
    gst_pad_set_active(source_.get(), FALSE);
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    output_.reset();
  }

  GstFlowReturn push_packet() {
    const guint8 packet[] = {0x80, 111, 0, sequence_++, 0, 0, 0, 0, 0, 0, 0, 9, 0xfc, 0xff, 0xfe};
    GstBuffer* buffer = gst_buffer_new_memdup(packet, sizeof packet);
    GST_BUFFER_PTS(buffer) = sequence_ * 20 * GST_MSECOND;
    return gst_pad_push(source_.get(), buffer);
  }
  bool receives(unsigned packets) {
    return eventually([&] { return received_ == packets; });
  }
  // What the packets of the source go into first.
  Ref<GstElement> first_of_chain() {
    const auto entry = Ref<GstPad>::adopt(gst_pad_get_peer(source_.get()));
    const auto target = Ref<GstPad>::adopt(gst_ghost_pad_get_target(GST_GHOST_PAD(entry.get())));
    return Ref<GstElement>::adopt(gst_pad_get_parent_element(target.get()));
  }
  void fail_chain() {
    const auto element = first_of_chain();
    GST_ELEMENT_ERROR(element.get(), STREAM, DECODE, ("It broke."), (nullptr));
  }
  unsigned messages(GstMessageType type) {
    const auto bus = Ref<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
    unsigned count = 0;
    while (GstMessage* message = gst_bus_pop_filtered(bus.get(), type)) {
      if (type == GST_MESSAGE_WARNING) {
        GError* error = nullptr;
        gst_message_parse_warning(message, &error, nullptr);
        words_ = error->message;
        g_error_free(error);
      }
      gst_message_unref(message);
      ++count;
    }
    return count;
  }

  Ref<GstElement> pipeline_;
  GstElement* sink_ = nullptr;  // in it
  Ref<GstPad> source_;
  std::unique_ptr<RemoteOutput> output_;
  guint8 sequence_ = 0;
  std::shared_future<void> goes_on_;  // what takes packets waits for it
  std::atomic<unsigned> received_ = 0;
  std::string words_;  // of the last warning
};

TEST_F(RemoteOutputTest, WhatFailsInItsChainIsAWarning) {
  EXPECT_EQ(push_packet(), GST_FLOW_OK);
  EXPECT_TRUE(receives(1));
  fail_chain();
  fail_chain();
  EXPECT_EQ(messages(GST_MESSAGE_WARNING), 1u);
  EXPECT_NE(words_.find("audio_0 (ada/"), std::string::npos) << words_;
  EXPECT_NE(words_.find("It broke."), std::string::npos) << words_;
  EXPECT_EQ(messages(GST_MESSAGE_ERROR), 0u);
}

TEST_F(RemoteOutputTest, AChainThatFailedIsMadeAnew) {
  push_packet();
  const auto before = first_of_chain();
  fail_chain();
  const gint64 now = g_get_monotonic_time();
  EXPECT_FALSE(output_->wants_mending(now));
  ASSERT_TRUE(output_->wants_mending(now + G_TIME_SPAN_SECOND));
  output_->mend(now + G_TIME_SPAN_SECOND);
  EXPECT_FALSE(output_->wants_mending(now + G_TIME_SPAN_SECOND));
  EXPECT_NE(first_of_chain().get(), before.get());
  EXPECT_EQ(push_packet(), GST_FLOW_OK);
  EXPECT_TRUE(receives(2));
  messages(GST_MESSAGE_WARNING);
  fail_chain();
  EXPECT_EQ(messages(GST_MESSAGE_WARNING), 1u);
}

TEST_F(RemoteOutputTest, AChainThatFailsAgainAndAgainIsMadeAnewMoreSeldom) {
  gint64 now = g_get_monotonic_time();
  for (const gint64 wait : {1, 1, 2, 4, 8, 16, 32, 60, 60}) {
    fail_chain();
    now = g_get_monotonic_time();
    EXPECT_FALSE(output_->wants_mending(now + wait * G_TIME_SPAN_SECOND - G_TIME_SPAN_SECOND / 2));
    ASSERT_TRUE(output_->wants_mending(now + wait * G_TIME_SPAN_SECOND));
    output_->mend(now);
  }
}

// Its source has a thread of webrtcbin's, and its end comes on that of all signalling.
TEST_F(RemoteOutputTest, WhoTakesNothingBehindItHoldsUpNeitherItsSourceNorItsEnd) {
  std::promise<void> go_on;
  goes_on_ = go_on.get_future().share();
  const auto ended = std::async(std::launch::async, [&] {
    for (int i = 0; i < 10; ++i) push_packet();
    output_->mend(g_get_monotonic_time());
    for (int i = 0; i < 10; ++i) push_packet();
    output_->fill_gap(0);
    output_->end();
  });
  EXPECT_EQ(ended.wait_for(std::chrono::seconds(5)), std::future_status::ready);
  EXPECT_FALSE(output_->is_drained());
  EXPECT_EQ(received_, 0u);
  go_on.set_value();
  EXPECT_TRUE(eventually([&] { return output_->is_drained(); }));
  EXPECT_EQ(received_, 20u);
}

// What is linked behind the pad is the application's.
TEST_F(RemoteOutputTest, WhatIsBehindItMayFailThePipeline) {
  GST_ELEMENT_ERROR(sink_, STREAM, FAILED, ("It is full."), (nullptr));
  EXPECT_EQ(messages(GST_MESSAGE_ERROR), 1u);
}

}  // namespace
}  // namespace gstlk::client
