// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/track_output.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "base/ref.h"
#include "tests/support/eventually.h"

namespace gstlk::client {
namespace {

// A track output that nothing comes to any more, in a pipeline.
class TrackOutputTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
  void SetUp() override {
    pipeline_ = Ref<GstElement>::sink(gst_pipeline_new(nullptr));
    const auto stream =
        Ref<GstStream>::adopt(gst_stream_new("stream", nullptr, type(), GST_STREAM_FLAG_NONE));
    output_ = gstlk_track_output_new("output", stream.get(), gst_tag_list_new_empty(), 1);
    GstElement* sink = gst_element_factory_make("fakesink", nullptr);
    g_object_set(sink, "async", FALSE, "sync", FALSE, nullptr);
    gst_bin_add_many(GST_BIN(pipeline_.get()), GST_ELEMENT(output_), sink, nullptr);
    ASSERT_TRUE(gst_element_link(GST_ELEMENT(output_), sink));
    const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(output_), "src"));
    gst_pad_add_probe(src.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, see_event, this, nullptr);
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    send_first();
  }
  virtual GstStreamType type() const { return GST_STREAM_TYPE_AUDIO; }
  void TearDown() override { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }

  void send_first() {
    const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(output_), "sink"));
    gstlk_track_output_set_open(output_, TRUE);
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_send_event(sink.get(), gst_event_new_stream_start("upstream"));
    const auto caps = Ref<GstCaps>::adopt(gst_caps_new_empty_simple("audio/x-opus"));
    gst_pad_send_event(sink.get(), gst_event_new_caps(caps.get()));
    gst_pad_send_event(sink.get(), gst_event_new_segment(&segment));
    GstBuffer* buffer = gst_buffer_new();
    GST_BUFFER_PTS(buffer) = 0;
    EXPECT_EQ(gst_pad_chain(sink.get(), buffer), GST_FLOW_OK);
  }
  // Whether a gap comes within this time.
  bool fills_gap(std::chrono::milliseconds within) {
    const size_t before = ends().size();
    const auto until = std::chrono::steady_clock::now() + within;
    while (std::chrono::steady_clock::now() < until) {
      gstlk_track_output_fill_gap(output_, 0);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      if (ends().size() > before) return true;
    }
    return false;
  }
  std::vector<GstClockTime> ends() const {
    const std::lock_guard lock(mutex_);
    return ends_;
  }
  GstClockTime running_time() const {
    return gst_element_get_current_running_time(pipeline_.get());
  }

  static GstPadProbeReturn see_event(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<TrackOutputTest*>(data);
    GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
    if (GST_EVENT_TYPE(event) != GST_EVENT_GAP) return GST_PAD_PROBE_OK;
    GstClockTime start = 0;
    GstClockTime duration = 0;
    gst_event_parse_gap(event, &start, &duration);
    const std::lock_guard lock(self->mutex_);
    self->ends_.push_back(start + duration);
    return GST_PAD_PROBE_OK;
  }

  Ref<GstElement> pipeline_;
  GstLkTrackOutput* output_ = nullptr;  // in it
  mutable std::mutex mutex_;
  std::vector<GstClockTime> ends_;  // of gaps
};

// Half a second without sound is silence.
TEST_F(TrackOutputTest, FillsNoGapInAPauseThatWouldEndAfterIt) {
  ASSERT_TRUE(fills_gap(std::chrono::seconds(5)));
  gst_element_set_state(pipeline_.get(), GST_STATE_PAUSED);
  EXPECT_FALSE(fills_gap(std::chrono::milliseconds(300)));
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  ASSERT_TRUE(fills_gap(std::chrono::seconds(5)));
  const std::vector<GstClockTime> all = ends();
  EXPECT_LE(*std::ranges::max_element(all), running_time());
}

TEST_F(TrackOutputTest, CountsWhatNobodyTakesAndWarnsOnce) {
  const auto eventually = gstlk::testing::eventually;
  ASSERT_TRUE(eventually([&] { return gstlk_track_output_get_counts(output_).buffers == 1; }));
  const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(output_), "src"));
  const gulong block = gst_pad_add_probe(
      src.get(), static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER),
      [](GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
  const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(output_), "sink"));
  constexpr int kSent = 8;
  for (int i = 1; i <= kSent; ++i) {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, 20 << 20, nullptr);
    GST_BUFFER_PTS(buffer) = i * GST_MSECOND;
    EXPECT_EQ(gst_pad_chain(sink.get(), buffer), GST_FLOW_OK);
  }
  const auto dropped = gstlk_track_output_get_counts(output_).dropped;
  EXPECT_GE(dropped, 3u);
  gst_pad_remove_probe(src.get(), block);
  EXPECT_TRUE(eventually(
      [&] { return gstlk_track_output_get_counts(output_).buffers == 1 + kSent - dropped; }));
  const auto bus = Ref<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
  EXPECT_TRUE(Ref<GstMessage>::adopt(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_WARNING)));
  EXPECT_FALSE(Ref<GstMessage>::adopt(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_WARNING)));
}

class VideoOutputTest : public TrackOutputTest {
 protected:
  GstStreamType type() const override { return GST_STREAM_TYPE_VIDEO; }
};

// A screen that does not change is sent once a second.
TEST_F(VideoOutputTest, APictureASecondIsNoSilence) {
  EXPECT_FALSE(fills_gap(std::chrono::milliseconds(1100)));
  EXPECT_TRUE(fills_gap(std::chrono::seconds(5)));
}

}  // namespace
}  // namespace gstlk::client
