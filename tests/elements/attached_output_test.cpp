// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/remote_output.h"

#include <gst/gst.h>
#include <gtest/gtest.h>

#include "base/ref.h"

namespace gstlk::client {
namespace {

constexpr GstClockTime kSetting = 200 * GST_MSECOND;

gboolean answer(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return gst_pad_query_default(pad, parent, query);
  gst_query_set_latency(query, TRUE, 350 * GST_MSECOND, GST_CLOCK_TIME_NONE);
  return TRUE;
}

// As webrtcbin has one for each stream.
Ref<GstPad> rtp_source(const char* caps) {
  const auto any = Ref<GstCaps>::adopt(gst_caps_from_string(caps));
  const auto pad_template = Ref<GstPadTemplate>::sink(
      gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, any.get()));
  auto pad = Ref<GstPad>::sink(gst_pad_new_from_template(pad_template.get(), "src"));
  gst_pad_set_query_function(pad.get(), answer);
  gst_pad_set_active(pad.get(), TRUE);
  return pad;
}

class AttachedOutputTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
  ~AttachedOutputTest() override { gst_element_set_state(bin_.get(), GST_STATE_NULL); }

  // In nanoseconds; GST_CLOCK_TIME_NONE where there is no answer, or none of something live.
  GstClockTime latency() {
    const auto query = Ref<GstQuery>::adopt(gst_query_new_latency());
    if (!gst_pad_query(output_.pad(), query.get())) return GST_CLOCK_TIME_NONE;
    gboolean live = FALSE;
    GstClockTime least = 0;
    gst_query_parse_latency(query.get(), &live, &least, nullptr);
    return live ? least : GST_CLOCK_TIME_NONE;
  }

  const Ref<GstElement> bin_ = Ref<GstElement>::sink(gst_pipeline_new(nullptr));
  RemoteOutput output_{GST_BIN(bin_.get()), "video_0",
                       TrackIdentity{.identity = "ada", .source = ::livekit::CAMERA}, kSetting};
};

constexpr const char* kVp8 =
    "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96";

TEST_F(AttachedOutputTest, SaysTheSettingUntilMediaHasCome) { EXPECT_EQ(latency(), kSetting); }

TEST_F(AttachedOutputTest, SaysTheLastLatencyWhileThereIsNoConnection) {
  const auto source = rtp_source(kVp8);
  ASSERT_TRUE(output_.attach(source.get(), OutputForm::Encoded));
  EXPECT_EQ(latency(), 350 * GST_MSECOND);
  output_.detach();
  EXPECT_EQ(latency(), 350 * GST_MSECOND);
}

TEST_F(AttachedOutputTest, GivesNoRawMediaOfWhatIsEncrypted) {
  const auto source = rtp_source(kVp8);
  EXPECT_FALSE(output_.attach(source.get(), OutputForm::Raw, true));
  EXPECT_TRUE(output_.attach(source.get(), OutputForm::Encoded, true));
  EXPECT_TRUE(output_.attach(source.get(), OutputForm::Rtp, true));
}

}  // namespace
}  // namespace gstlk::client
