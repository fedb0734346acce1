// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/data_output.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "base/ref.h"
#include "tests/support/eventually.h"

namespace gstlk::client {
namespace {

using gstlk::testing::eventually;

// Data pads of a bin, each with a sink behind it.
class DataOutputTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
  void SetUp() override {
    pipeline_ = Ref<GstElement>::sink(gst_pipeline_new(nullptr));
    GstElement* bin = gst_bin_new(nullptr);
    gst_bin_add(GST_BIN(pipeline_.get()), bin);
    const auto caps = Ref<GstCaps>::adopt(gst_caps_new_any());
    template_ = Ref<GstPadTemplate>::sink(
        gst_pad_template_new("data_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, caps.get()));
    g_signal_connect(bin, "pad-added", G_CALLBACK(on_pad), this);
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    outputs_ = std::make_unique<DataOutputs>(bin, template_.get());
    outputs_->select({});
  }
  void TearDown() override {
    outputs_->remove_all();
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  }

  void receive(const std::string& topic) {
    ::livekit::DataPacket packet;
    packet.mutable_user()->set_payload("hello");
    packet.mutable_user()->set_topic(topic);
    outputs_->on_data(packet, true);
  }

  static void on_pad(GstElement*, GstPad* pad, gpointer data) {
    auto* self = static_cast<DataOutputTest*>(data);
    ++self->pads_;
    GstElement* sink = gst_element_factory_make("fakesink", nullptr);
    g_object_set(sink, "async", FALSE, nullptr);
    gst_bin_add(GST_BIN(self->pipeline_.get()), sink);
    gst_element_sync_state_with_parent(sink);
    const auto to = Ref<GstPad>::adopt(gst_element_get_static_pad(sink, "sink"));
    gst_pad_link(pad, to.get());
    constexpr auto kinds = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER |
                                                        GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM);
    gst_pad_add_probe(to.get(), kinds, on_data, self, nullptr);
  }
  static GstPadProbeReturn on_data(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<DataOutputTest*>(data);
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)
      ++self->packets_;
    else if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS)
      ++self->ends_;
    return GST_PAD_PROBE_OK;
  }

  Ref<GstElement> pipeline_;
  Ref<GstPadTemplate> template_;
  std::unique_ptr<DataOutputs> outputs_;
  std::atomic<int> pads_ = 0;
  std::atomic<int> packets_ = 0;
  std::atomic<int> ends_ = 0;
};

TEST_F(DataOutputTest, EndsEveryPadBehindItsData) {
  receive("a");
  receive("b");
  outputs_->send_eos();
  EXPECT_TRUE(eventually([&] { return ends_ == 2; }));
  EXPECT_EQ(packets_, 2);
  receive("a");
  receive("c");
  EXPECT_EQ(pads_, 2);
}

}  // namespace
}  // namespace gstlk::client
