// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <optional>

#include "plugins/livekit/rate_control.h"

namespace gstlk::client {

// Out of webrtcbin's statistics; nullopt as long as the receiver has sent no feedback.
std::optional<PathReport> path_report(const GstStructure* stats);

}  // namespace gstlk::client
