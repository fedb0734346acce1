// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/path_report.h"

#include <gst/gst.h>
#include <gtest/gtest.h>

#include <memory>

namespace gstlk::client {
namespace {

using StructurePtr = std::unique_ptr<GstStructure, decltype(&gst_structure_free)>;

// As webrtcbin's "get-stats" answers: the feedback is inside of the candidate pair's statistics.
StructurePtr stats_with(GstStructure* twcc) {
  const StructurePtr inner(twcc, gst_structure_free);
  const StructurePtr pair(gst_structure_new("ice-candidate-pair", "id", G_TYPE_STRING, "pair",
                                            "gst-twcc-stats", GST_TYPE_STRUCTURE, twcc, nullptr),
                          gst_structure_free);
  const StructurePtr other(gst_structure_new_empty("outbound-rtp"), gst_structure_free);
  return StructurePtr(
      gst_structure_new("application/x-webrtc-stats", "out", GST_TYPE_STRUCTURE, other.get(),
                        "pair", GST_TYPE_STRUCTURE, pair.get(), nullptr),
      gst_structure_free);
}

class PathReportTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
};

TEST_F(PathReportTest, ReadsTheFeedback) {
  const StructurePtr stats = stats_with(
      gst_structure_new("RTPTWCCStats", "bitrate-sent", G_TYPE_UINT, 1'000'000u, "bitrate-recv",
                        G_TYPE_UINT, 900'000u, "packets-sent", G_TYPE_UINT, 100u, "packets-recv",
                        G_TYPE_UINT, 90u, "packet-loss-pct", G_TYPE_DOUBLE, 10.0,
                        "avg-delta-of-delta", G_TYPE_INT64, gint64{1'500'000}, nullptr));
  const auto report = path_report(stats.get());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->sent.bps, 1'000'000u);
  EXPECT_EQ(report->received.bps, 900'000u);
  EXPECT_DOUBLE_EQ(report->loss, 0.1);
  EXPECT_EQ(report->delay_gradient, 1500us);
}

TEST_F(PathReportTest, SaysNothingBeforeThereIsFeedback) {
  const StructurePtr empty(gst_structure_new_empty("application/x-webrtc-stats"),
                           gst_structure_free);
  EXPECT_FALSE(path_report(empty.get()));
  const StructurePtr stats = stats_with(
      gst_structure_new("RTPTWCCStats", "bitrate-sent", G_TYPE_UINT, 0u, "packets-sent",
                        G_TYPE_UINT, 0u, "packet-loss-pct", G_TYPE_DOUBLE, -1.0, nullptr));
  EXPECT_FALSE(path_report(stats.get()));
}

TEST_F(PathReportTest, TellsOfAFeedbackOnce) {
  const auto with_loss = [](double percent) {
    return stats_with(gst_structure_new("RTPTWCCStats", "bitrate-sent", G_TYPE_UINT, 1'000'000u,
                                        "packets-sent", G_TYPE_UINT, 100u, "packet-loss-pct",
                                        G_TYPE_DOUBLE, percent, nullptr));
  };
  PathReports reports;
  EXPECT_TRUE(reports.next(with_loss(20).get()));
  EXPECT_FALSE(reports.next(with_loss(20).get()));
  EXPECT_TRUE(reports.next(with_loss(0).get()));
  EXPECT_TRUE(reports.next(with_loss(20).get()));
}

}  // namespace
}  // namespace gstlk::client
