// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "livekit_rtc.pb.h"
#include "room/participant.h"

namespace gstlk::signal {

// Does what one SignalRequest asks for. Requests that are deprecated, or of features that are not
// there, do nothing. The participant may have left the room afterwards.
void handle_request(room::Participant& participant, const ::livekit::SignalRequest& request);

}  // namespace gstlk::signal
