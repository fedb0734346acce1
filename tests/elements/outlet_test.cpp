// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/outlet.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/ref.h"

namespace gstlk::client {
namespace {

// What comes out of an outlet, by the names of its events; "buffer" for those.
class OutletTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
  void SetUp() override {
    outlet_ = Ref<GstElement>::sink(GST_ELEMENT(g_object_new(GSTLK_TYPE_OUTLET, nullptr)));
    sink_ = Ref<GstPad>::adopt(gst_element_get_static_pad(outlet_.get(), "sink"));
    const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(outlet_.get(), "src"));
    behind_ = Ref<GstPad>::sink(gst_pad_new("behind", GST_PAD_SINK));
    gst_pad_set_element_private(behind_.get(), this);
    gst_pad_set_event_function(
        behind_.get(), +[](GstPad* pad, GstObject*, GstEvent* event) -> gboolean {
          auto* self = static_cast<OutletTest*>(gst_pad_get_element_private(pad));
          self->seen_.emplace_back(GST_EVENT_TYPE_NAME(event));
          gst_event_unref(event);
          return TRUE;
        });
    gst_pad_set_chain_function(
        behind_.get(), +[](GstPad* pad, GstObject*, GstBuffer* buffer) {
          static_cast<OutletTest*>(gst_pad_get_element_private(pad))->seen_.emplace_back("buffer");
          gst_buffer_unref(buffer);
          return GST_FLOW_OK;
        });
    gst_pad_set_active(behind_.get(), TRUE);
    gst_element_set_state(outlet_.get(), GST_STATE_PLAYING);
    gst_pad_link(src.get(), behind_.get());
    send(gst_event_new_stream_start("stream"));
    send(gst_event_new_caps(gst_caps_new_empty_simple("application/x-rtp")));
    send_segment();
  }
  void TearDown() override {
    gst_element_set_state(outlet_.get(), GST_STATE_NULL);
    gst_pad_set_active(behind_.get(), FALSE);
  }

  void send(GstEvent* event) { gst_pad_send_event(sink_.get(), event); }
  void send_segment() {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    send(gst_event_new_segment(&segment));
  }
  void push() { EXPECT_EQ(gst_pad_chain(sink_.get(), gst_buffer_new()), GST_FLOW_OK); }
  void open(bool open) { gstlk_outlet_set_open(GSTLK_OUTLET(outlet_.get()), open); }
  std::vector<std::string> seen() { return std::exchange(seen_, {}); }

  using Seen = std::vector<std::string>;
  Ref<GstElement> outlet_;
  Ref<GstPad> sink_;
  Ref<GstPad> behind_;
  Seen seen_;
};

TEST_F(OutletTest, AnnouncesWheneverItIsOpened) {
  push();
  open(true);
  push();
  push();
  open(false);
  push();
  open(true);
  push();
  // The pad itself sees to it that a new peer has the segment.
  EXPECT_EQ(seen(),
            (Seen{"stream-start", "caps", "segment", "buffer", "buffer", "caps", "buffer"}));
}

TEST_F(OutletTest, KeepsASeekFromTheConnectionAndTellsOfItsSegment) {
  open(true);
  push();
  seen();
  send(gst_event_new_flush_start());
  send(gst_event_new_flush_stop(TRUE));
  send_segment();
  push();
  EXPECT_EQ(seen(), (Seen{"caps", "segment", "buffer"}));
}

}  // namespace
}  // namespace gstlk::client
