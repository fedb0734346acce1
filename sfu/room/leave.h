// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "livekit_rtc.pb.h"
#include "room/client_quirks.h"

namespace gstlk::room {

// Why a participant goes, and what its client shall do then (LeaveRequest).
struct Leave {
  ::livekit::DisconnectReason reason = ::livekit::UNKNOWN_REASON;
  ::livekit::LeaveRequest::Action action = ::livekit::LeaveRequest::DISCONNECT;
};

// Protocols before 13 have can_reconnect instead of an action, which means to join again.
inline ::livekit::SignalResponse leave_message(const Leave& leave, const ClientQuirks& quirks) {
  ::livekit::SignalResponse response;
  ::livekit::LeaveRequest& request = *response.mutable_leave();
  request.set_reason(leave.reason);
  if (quirks.takes_leave_action) {
    request.set_action(leave.action);
  } else {
    request.set_can_reconnect(leave.action == ::livekit::LeaveRequest::RECONNECT);
  }
  return response;
}

}  // namespace gstlk::room
