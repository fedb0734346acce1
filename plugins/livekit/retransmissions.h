// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace gstlk::client {

// What webrtcbin 1.22 leaves undone about lost packets. Before its first description.

// Lets retransmissions carry the repaired rid instead of the rid (RFC 8852 section 4.1), without
// which a server takes them for a new stream of the layer. webrtcbin does it from the second
// description on: with the first it looks for its rtprtxsend before that is there.
void mark_retransmissions(GstElement* webrtcbin);

// Lets NACKs go out when a packet is missed. RFC 4585 section 3.5.2 allows one early RTCP packet in
// each interval, and 5 % of a small picture's rate makes that interval longer than the latency: of
// two packets lost in a third of a second one came too late.
void request_retransmissions_at_once(GstElement* webrtcbin);

}  // namespace gstlk::client
