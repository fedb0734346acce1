// SPDX-License-Identifier: LGPL-2.1-or-later
// sfu-router as an SFU between plain webrtcbins, in anybody's pipeline:
//
//   videotestsrc -> vp8enc -> webrtcbin ))) webrtcbin -> sfu-router -> webrtcbin ))) webrtcbin ->
//   vp8dec
#include <gst/gst.h>
#include <gst/sdp/sdp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>

#include "base/ref.h"
#include "plugins/sfu/plugin.h"

#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

namespace gstlk {
namespace {

constexpr guint64 kLimit = 20 * G_USEC_PER_SEC;

bool wait_until(const std::function<bool()>& condition) {
  const gint64 end = g_get_monotonic_time() + static_cast<gint64>(kLimit);
  while (!condition()) {
    if (g_get_monotonic_time() > end) return false;
    g_usleep(10'000);
  }
  return true;
}

GstWebRTCSessionDescription* create(GstElement* element, const char* action, const char* field) {
  GstPromise* promise = gst_promise_new();
  g_signal_emit_by_name(element, action, nullptr, promise);
  gst_promise_wait(promise);
  GstWebRTCSessionDescription* description = nullptr;
  gst_structure_get(gst_promise_get_reply(promise), field, GST_TYPE_WEBRTC_SESSION_DESCRIPTION,
                    &description, nullptr);
  gst_promise_unref(promise);
  return description;
}

void set(GstElement* element, const char* action, GstWebRTCSessionDescription* description) {
  GstPromise* promise = gst_promise_new();
  g_signal_emit_by_name(element, action, description, promise);
  gst_promise_wait(promise);
  gst_promise_unref(promise);
}

void exchange_candidates(GstElement* from, GstElement* to) {
  g_signal_connect(from, "on-ice-candidate",
                   G_CALLBACK(+[](GstElement*, guint line, gchar* candidate, gpointer other) {
                     g_signal_emit_by_name(other, "add-ice-candidate", line, candidate);
                   }),
                   to);
}

void connect(GstElement* offerer, GstElement* answerer) {
  exchange_candidates(offerer, answerer);
  exchange_candidates(answerer, offerer);
  GstWebRTCSessionDescription* offer = create(offerer, "create-offer", "offer");
  ASSERT_NE(offer, nullptr);
  set(offerer, "set-local-description", offer);
  set(answerer, "set-remote-description", offer);
  GstWebRTCSessionDescription* answer = create(answerer, "create-answer", "answer");
  ASSERT_NE(answer, nullptr);
  set(answerer, "set-local-description", answer);
  set(offerer, "set-remote-description", answer);
  gst_webrtc_session_description_free(offer);
  gst_webrtc_session_description_free(answer);
}

bool has_webrtcbin() {
  auto factory = Ref<GstElementFactory>::adopt(gst_element_factory_find("webrtcbin"));
  auto nice = Ref<GstElementFactory>::adopt(gst_element_factory_find("nicesrc"));
  return factory && nice;
}

TEST(SfuRouterBetweenWebrtcbins, ForwardsVideoThatIsDecodedAtTheEnd) {
  gst_init(nullptr, nullptr);
  ASSERT_TRUE(gstlk_sfu_register_elements(nullptr));
  ASSERT_TRUE(has_webrtcbin()) << "install gstreamer1.0-plugins-bad and gstreamer1.0-nice";

  GError* error = nullptr;
  const auto pipeline = Ref<GstElement>::sink(gst_parse_launch(
      "videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=30/1 ! "
      "vp8enc deadline=1 keyframe-max-dist=1000 ! rtpvp8pay picture-id-mode=15-bit ! "
      "application/x-rtp,payload=96 ! webrtcbin name=camera bundle-policy=max-bundle "
      "webrtcbin name=in bundle-policy=max-bundle sfu-router name=router "
      "webrtcbin name=out bundle-policy=max-bundle webrtcbin name=viewer bundle-policy=max-bundle",
      &error));
  ASSERT_EQ(error, nullptr) << error->message;
  auto element = [&](const char* name) {
    return Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), name));
  };
  const auto camera = element("camera");
  const auto in = element("in");
  const auto router = element("router");
  const auto out = element("out");
  const auto viewer = element("viewer");

  g_signal_connect(in.get(), "pad-added", G_CALLBACK(+[](GstElement*, GstPad* pad, gpointer data) {
                     if (GST_PAD_IS_SINK(pad)) return;
                     const auto sink = Ref<GstPad>::adopt(
                         gst_element_request_pad_simple(GST_ELEMENT(data), "sink_%u"));
                     gst_pad_link(pad, sink.get());
                   }),
                   router.get());
  struct Viewed {
    GstElement* pipeline;
    std::atomic<int> frames{0};
  } viewed{pipeline.get(), {}};
  g_signal_connect(
      viewer.get(), "pad-added", G_CALLBACK(+[](GstElement*, GstPad* pad, gpointer data) {
        auto* state = static_cast<Viewed*>(data);
        if (GST_PAD_IS_SINK(pad)) return;
        GstElement* bin = gst_parse_bin_from_description(
            "rtpvp8depay ! vp8dec ! fakesink name=frames sync=false async=false "
            "signal-handoffs=true",
            TRUE, nullptr);
        const auto sink = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(bin), "frames"));
        g_signal_connect(sink.get(), "handoff",
                         G_CALLBACK(+[](GstElement*, GstBuffer*, GstPad*, gpointer counter) {
                           ++static_cast<Viewed*>(counter)->frames;
                         }),
                         state);
        gst_bin_add(GST_BIN(state->pipeline), bin);
        gst_element_sync_state_with_parent(bin);
        const auto entry = Ref<GstPad>::adopt(gst_element_get_static_pad(bin, "sink"));
        gst_pad_link(pad, entry.get());
      }),
      &viewed);

  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const auto camera_pad = Ref<GstPad>::adopt(gst_element_get_static_pad(camera.get(), "sink_0"));
  auto has_caps = [](GstPad* pad) {
    GstCaps* caps = gst_pad_get_current_caps(pad);
    if (!caps) return false;
    gst_caps_unref(caps);
    return true;
  };
  ASSERT_TRUE(wait_until([&] { return has_caps(camera_pad.get()); }));
  connect(camera.get(), in.get());

  const auto source = Ref<GstPad>::adopt(gst_element_request_pad_simple(router.get(), "src_%u"));
  const auto sink = Ref<GstPad>::adopt(gst_element_request_pad_simple(out.get(), "sink_%u"));
  ASSERT_EQ(gst_pad_link(source.get(), sink.get()), GST_PAD_LINK_OK);
  ASSERT_TRUE(wait_until([&] { return has_caps(sink.get()); })) << "the router got no RTP";
  connect(out.get(), viewer.get());

  // The camera sends one keyframe in 33 s by itself: the viewer's first frame shows that a keyframe
  // request found its way through two peer connections and the router.
  EXPECT_TRUE(wait_until([&] { return viewed.frames > 60; })) << viewed.frames << " frames decoded";
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
}

}  // namespace
}  // namespace gstlk
