// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "livekit_rtc.pb.h"

namespace gstlk::room {

// Why a participant goes, and what its client shall do then (LeaveRequest).
struct Leave {
  ::livekit::DisconnectReason reason = ::livekit::UNKNOWN_REASON;
  ::livekit::LeaveRequest::Action action = ::livekit::LeaveRequest::DISCONNECT;
};

// Older protocols than 13 have can_reconnect instead of an action.
inline ::livekit::SignalResponse leave_message(const Leave& leave) {
  ::livekit::SignalResponse response;
  ::livekit::LeaveRequest& request = *response.mutable_leave();
  request.set_reason(leave.reason);
  request.set_action(leave.action);
  request.set_can_reconnect(leave.action != ::livekit::LeaveRequest::DISCONNECT);
  return response;
}

}  // namespace gstlk::room
