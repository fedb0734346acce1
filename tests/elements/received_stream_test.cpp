// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/received_stream.h"

#include <gst/gst.h>
#include <gtest/gtest.h>

#include <array>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/ref.h"
#include "tests/support/eventually.h"

namespace gstlk::client {
namespace {

using gstlk::testing::eventually;

// An rtpbin in a bin that has a pad for each stream, as webrtcbin is.
class ReceivedStreamTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  ReceivedStreamTest() {
    GstElement* rtpbin = gst_element_factory_make("rtpbin", "rtpbin");
    g_signal_connect(rtpbin, "pad-added", G_CALLBACK(on_pad_added), this);
    g_signal_connect(rtpbin, "request-pt-map", G_CALLBACK(on_pt_map), nullptr);
    g_signal_connect(rtpbin, "request-fec-decoder-full", G_CALLBACK(on_fec_decoder), webrtcbin_);
    g_signal_connect(rtpbin, "new-storage", G_CALLBACK(on_storage), this);
    keep_nothing_for_fec(webrtcbin_, rtpbin);
    g_signal_connect(rtpbin, "new-storage", G_CALLBACK(see_storage), this);
    gst_bin_add(GST_BIN(webrtcbin_), rtpbin);
    gst_bin_add(GST_BIN(pipeline_.get()), webrtcbin_);
    const auto sink = Ref<GstPad>::adopt(gst_element_request_pad_simple(rtpbin, "recv_rtp_sink_0"));
    gst_pad_link(input_.get(), sink.get());
    gst_pad_set_active(input_.get(), TRUE);
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    gst_pad_push_event(input_.get(), gst_event_new_stream_start("input"));
    const auto caps = Ref<GstCaps>::adopt(gst_caps_from_string(kCaps));
    gst_pad_push_event(input_.get(), gst_event_new_caps(caps.get()));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(input_.get(), gst_event_new_segment(&segment));
  }
  ~ReceivedStreamTest() override { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }

  static constexpr const char* kCaps =
      "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,payload=111";

  static GstCaps* on_pt_map(GstElement*, guint, guint, gpointer) {
    return gst_caps_from_string(kCaps);
  }
  // As webrtcbin does.
  static GstElement* on_fec_decoder(GstElement*, guint, guint, guint, gpointer) {
    return gst_element_factory_make("rtpulpfecdec", nullptr);
  }
  static void on_storage(GstElement*, GstElement* storage, guint, gpointer) {
    g_object_set(storage, "size-time", 250 * GST_MSECOND, nullptr);
  }
  static void see_storage(GstElement*, GstElement* storage, guint, gpointer data) {
    g_object_get(storage, "size-time", &static_cast<ReceivedStreamTest*>(data)->stored_, nullptr);
  }
  static void on_pad_added(GstElement*, GstPad* pad, gpointer data) {
    if (!g_str_has_prefix(GST_PAD_NAME(pad), "recv_rtp_src")) return;
    auto* self = static_cast<ReceivedStreamTest*>(data);
    GstPad* source = gst_ghost_pad_new(nullptr, pad);
    drop_media(source);
    gst_pad_set_active(source, TRUE);
    gst_element_add_pad(self->webrtcbin_, source);
    const std::lock_guard lock(self->mutex_);
    self->sources_.push_back(Ref<GstPad>::share(source));
  }
  std::vector<Ref<GstPad>> sources() const {
    const std::lock_guard lock(mutex_);
    return sources_;
  }

  void send(uint8_t ssrc, uint8_t sequence) {
    const std::array<uint8_t, 20> packet = {0x80, 111,      0, sequence, 0, 0,
                                            0,    sequence, 0, 0,        0, ssrc};
    GstBuffer* buffer = gst_buffer_new_memdup(packet.data(), packet.size());
    GST_BUFFER_DTS(buffer) = GST_BUFFER_PTS(buffer) = sequence * 20 * GST_MSECOND;
    gst_pad_push(input_.get(), buffer);
  }
  // What of `factory` is inside.
  int count(std::string_view factory) const {
    GstIterator* iterator = gst_bin_iterate_recurse(GST_BIN(webrtcbin_));
    GValue value = G_VALUE_INIT;
    int found = 0;
    while (gst_iterator_next(iterator, &value) == GST_ITERATOR_OK) {
      GstElementFactory* made_by = gst_element_get_factory(GST_ELEMENT(g_value_get_object(&value)));
      if (made_by && factory == GST_OBJECT_NAME(made_by)) ++found;
      g_value_reset(&value);
    }
    g_value_unset(&value);
    gst_iterator_free(iterator);
    return found;
  }

  const Ref<GstElement> pipeline_ = Ref<GstElement>::sink(gst_pipeline_new(nullptr));
  GstElement* const webrtcbin_ = gst_bin_new(nullptr);  // in pipeline_
  const Ref<GstPad> input_ = Ref<GstPad>::sink(gst_pad_new("input", GST_PAD_SRC));
  guint64 stored_ = 1;  // nanoseconds
  mutable std::mutex mutex_;
  std::vector<Ref<GstPad>> sources_;
};

TEST_F(ReceivedStreamTest, LeavesNothingInsideWhenItIsRemoved) {
  for (uint8_t ssrc = 1; ssrc <= 5; ++ssrc) {
    for (uint8_t sequence = 1; sequence < 5; ++sequence) send(ssrc, sequence);
    ASSERT_TRUE(eventually([&] { return sources().size() == ssrc; }));
    EXPECT_EQ(count("rtpjitterbuffer"), 1);
    EXPECT_TRUE(jitter_buffer_of(sources().back().get()));
    remove_stream(sources().back().get(), true);
    EXPECT_EQ(count("rtpjitterbuffer"), 0);
    EXPECT_EQ(count("rtpptdemux"), 0);
    EXPECT_EQ(count("rtpulpfecdec"), 0);
    EXPECT_EQ(stored_, 0u);
    EXPECT_EQ(GST_ELEMENT(webrtcbin_)->numsrcpads, 0);
  }
}

TEST_F(ReceivedStreamTest, IsAnotherOneWhenSomethingComesNevertheless) {
  for (uint8_t sequence = 1; sequence < 5; ++sequence) send(1, sequence);
  ASSERT_TRUE(eventually([&] { return sources().size() == 1; }));
  remove_stream(sources().back().get(), true);
  for (uint8_t sequence = 5; sequence < 10; ++sequence) send(1, sequence);
  EXPECT_TRUE(eventually([&] { return sources().size() == 2; }));
}

}  // namespace
}  // namespace gstlk::client
