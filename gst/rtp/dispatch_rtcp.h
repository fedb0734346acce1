// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "rtp/receive_session.h"
#include "rtp/send_session.h"

namespace gstlk::rtp {

// What one RTCP datagram asks its owner to do. Cleared by each call, so that one is kept and
// reused.
struct RtcpResults {
  std::vector<SendEvent> send_events;      // borrow from the datagram
  std::vector<EncodingId> sender_reports;  // ReceiveSession::sender_report() has news
  std::vector<EncodingId> ended;           // by BYE
  uint32_t malformed = 0;
};

// Parses a datagram once for the two halves of a peer connection.
void dispatch_rtcp(ByteView compound, ReceiveSession& receive, SendSession& send, Timestamp now,
                   RtcpResults& results);

}  // namespace gstlk::rtp
