// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "livekit_rtc.pb.h"
#include "room/participant.h"

namespace gstlk::signal {

// SimulateScenario, with which SDK tests provoke failures.
void handle_simulate(room::Participant& participant, const ::livekit::SimulateScenario& scenario);

}  // namespace gstlk::signal
