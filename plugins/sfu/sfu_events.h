// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "base/time.h"

namespace gstlk::sfu {

// Events that run between sfu-transport and sfu-router, and any other RTP element.

// Upstream: a packet is missing. GStreamer's own GstRTPRetransmissionRequest with `seqnum` and
// `ssrc`, as rtpsession sends it for a NACK.
GstEvent* new_retransmission_request(Ssrc ssrc, uint16_t sequence);
std::optional<uint16_t> parse_retransmission_request(GstEvent* event);

// Upstream: a keyframe of the stream has begun to come, "sfu-keyframe", which answers what was
// asked for by GstForceKeyUnit before.
GstEvent* new_keyframe_notice();
bool is_keyframe_notice(GstEvent* event);

// Downstream: a sender report of the stream (RFC 3550 section 6.4.1): "sfu-sender-report" with
// `ntp-time` (uint64, 32.32 seconds since 1900) and `rtp-time` (uint).
struct SenderReportEvent {
  NtpTime ntp;
  uint32_t rtp_timestamp = 0;
};
GstEvent* new_sender_report(NtpTime ntp, uint32_t rtp_timestamp);
std::optional<SenderReportEvent> parse_sender_report(GstEvent* event);

}  // namespace gstlk::sfu
