// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/sfu_events.h"

namespace gstlk::sfu {
namespace {

constexpr const char* kRetransmissionRequest = "GstRTPRetransmissionRequest";
constexpr const char* kKeyframe = "sfu-keyframe";
constexpr const char* kSenderReport = "sfu-sender-report";

}  // namespace

GstEvent* new_retransmission_request(Ssrc ssrc, uint16_t sequence) {
  return gst_event_new_custom(
      GST_EVENT_CUSTOM_UPSTREAM,
      gst_structure_new(kRetransmissionRequest, "seqnum", G_TYPE_UINT, static_cast<guint>(sequence),
                        "ssrc", G_TYPE_UINT, ssrc.value, nullptr));
}

std::optional<uint16_t> parse_retransmission_request(GstEvent* event) {
  guint sequence = 0;
  if (!gst_event_has_name(event, kRetransmissionRequest) ||
      !gst_structure_get_uint(gst_event_get_structure(event), "seqnum", &sequence)) {
    return std::nullopt;
  }
  return static_cast<uint16_t>(sequence);
}

GstEvent* new_keyframe_notice() {
  return gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM, gst_structure_new_empty(kKeyframe));
}

bool is_keyframe_notice(GstEvent* event) { return gst_event_has_name(event, kKeyframe); }

GstEvent* new_sender_report(NtpTime ntp, uint32_t rtp_timestamp) {
  return gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_OOB,
                              gst_structure_new(kSenderReport, "ntp-time", G_TYPE_UINT64, ntp.value,
                                                "rtp-time", G_TYPE_UINT, rtp_timestamp, nullptr));
}

std::optional<SenderReportEvent> parse_sender_report(GstEvent* event) {
  if (!gst_event_has_name(event, kSenderReport)) return std::nullopt;
  const GstStructure* structure = gst_event_get_structure(event);
  guint64 ntp = 0;
  guint timestamp = 0;
  if (!gst_structure_get_uint64(structure, "ntp-time", &ntp) ||
      !gst_structure_get_uint(structure, "rtp-time", &timestamp)) {
    return std::nullopt;
  }
  return SenderReportEvent{NtpTime{ntp}, timestamp};
}

}  // namespace gstlk::sfu
