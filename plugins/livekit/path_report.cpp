// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/path_report.h"

namespace gstlk::client {

namespace {

const GstStructure* twcc_stats(const GstStructure* stats) {
  for (int i = 0; i < gst_structure_n_fields(stats); ++i) {
    const GValue* value = gst_structure_get_value(stats, gst_structure_nth_field_name(stats, i));
    if (!GST_VALUE_HOLDS_STRUCTURE(value)) continue;
    const GValue* found = gst_structure_get_value(gst_value_get_structure(value), "gst-twcc-stats");
    if (found && GST_VALUE_HOLDS_STRUCTURE(found)) return gst_value_get_structure(found);
  }
  return nullptr;
}

}  // namespace

std::optional<PathReport> path_report(const GstStructure* stats) {
  const GstStructure* twcc = twcc_stats(stats);
  guint sent = 0;
  guint received = 0;
  guint packets = 0;
  gdouble loss = 0;
  gint64 gradient = 0;
  if (!twcc || !gst_structure_get_uint(twcc, "bitrate-sent", &sent) ||
      !gst_structure_get_uint(twcc, "packets-sent", &packets) || packets == 0)
    return std::nullopt;
  gst_structure_get_uint(twcc, "bitrate-recv", &received);
  gst_structure_get_double(twcc, "packet-loss-pct", &loss);
  gst_structure_get_int64(twcc, "avg-delta-of-delta", &gradient);
  return PathReport{
      .sent = Bitrate{sent},
      .received = Bitrate{received},
      .loss = std::max(loss, 0.0) / 100,
      .delay_gradient = std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(gradient))};
}

std::optional<PathReport> PathReports::next(const GstStructure* stats) {
  std::optional<PathReport> report = path_report(stats);
  if (!report || report == last_) return std::nullopt;
  last_ = report;
  return report;
}

}  // namespace gstlk::client
