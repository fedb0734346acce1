// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/peer_stats.h"

namespace gstlk::sfu {
namespace {

guint64 nanoseconds(Duration duration) { return static_cast<guint64>(duration.count() * 1000); }

GstStructure* to_structure(const PeerStats::Received& entry) {
  const rtp::ReceiveStats& s = entry.stats;
  return gst_structure_new(
      "received", "mid", G_TYPE_STRING, entry.mid.value.c_str(), "rid", G_TYPE_STRING,
      entry.rid.value.c_str(), "packets", G_TYPE_UINT64, s.packets, "bytes", G_TYPE_UINT64, s.bytes,
      "bitrate", G_TYPE_UINT64, entry.bitrate.bps, "lost", G_TYPE_INT64, s.lost, "fraction-lost",
      G_TYPE_UINT, static_cast<guint>(s.fraction_lost), "jitter", G_TYPE_UINT64,
      nanoseconds(s.jitter), "nacks", G_TYPE_UINT64, s.nacks_sent, "keyframe-requests",
      G_TYPE_UINT64, s.keyframe_requests_sent, "retransmitted", G_TYPE_UINT64, s.retransmitted,
      "duplicates", G_TYPE_UINT64, s.duplicates, nullptr);
}

GstStructure* to_structure(const PeerStats::Sent& entry) {
  const rtp::SendStats& s = entry.stats;
  return gst_structure_new("sent", "ssrc", G_TYPE_UINT, entry.ssrc.value, "packets", G_TYPE_UINT64,
                           s.packets, "bytes", G_TYPE_UINT64, s.bytes, "bitrate", G_TYPE_UINT64,
                           entry.bitrate.bps, "retransmitted", G_TYPE_UINT64, entry.retransmitted,
                           "lost", G_TYPE_INT64, static_cast<gint64>(s.cumulative_lost),
                           "fraction-lost", G_TYPE_UINT, static_cast<guint>(s.fraction_lost),
                           "jitter", G_TYPE_UINT64, nanoseconds(s.jitter), "nacks", G_TYPE_UINT64,
                           s.nacks_received, "keyframe-requests", G_TYPE_UINT64,
                           s.keyframe_requests_received, nullptr);
}

template <class Entry>
void set_array(GstStructure* structure, const char* field, const std::vector<Entry>& entries) {
  GValue array = G_VALUE_INIT;
  g_value_init(&array, GST_TYPE_ARRAY);
  for (const Entry& entry : entries) {
    GValue item = G_VALUE_INIT;
    g_value_init(&item, GST_TYPE_STRUCTURE);
    g_value_take_boxed(&item, to_structure(entry));
    gst_value_array_append_and_take_value(&array, &item);
  }
  gst_structure_take_value(structure, field, &array);
}

}  // namespace

GstStructure* PeerStats::to_structure(Timestamp now) const {
  const Duration age = at != Timestamp{} ? now - at : Duration{};
  GstStructure* structure = gst_structure_new(
      "sfu-transport-stats", "age", G_TYPE_UINT64, nanoseconds(age), "round-trip", G_TYPE_UINT64,
      nanoseconds(round_trip), "packets-received", G_TYPE_UINT64, packets_received,
      "bytes-received", G_TYPE_UINT64, bytes_received, "packets-sent", G_TYPE_UINT64, packets_sent,
      "bytes-sent", G_TYPE_UINT64, bytes_sent, "malformed", G_TYPE_UINT64, malformed, "over-limit",
      G_TYPE_UINT64, over_limit, "refused-requests", G_TYPE_UINT64, refused_requests, nullptr);
  if (path) {
    const bool tcp = path->protocol == transport::Protocol::Tcp;
    gst_structure_set(structure, "protocol", G_TYPE_STRING, tcp ? "tcp" : "udp", "remote-address",
                      G_TYPE_STRING, path->remote.to_text().c_str(), "local-address", G_TYPE_STRING,
                      path->local.to_text().c_str(), nullptr);
  }
  set_array(structure, "received", received);
  set_array(structure, "sent", sent);
  return structure;
}

}  // namespace gstlk::sfu
