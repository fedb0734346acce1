// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <optional>

#include "plugins/livekit/rate_control.h"

namespace gstlk::client {

// Out of webrtcbin's statistics; nullopt as long as the receiver has sent no feedback.
std::optional<PathReport> path_report(const GstStructure* stats);

// The statistics as they follow each other: each feedback is told once, and not again for as long
// as no other has come. An old loss would lower an estimate each time.
class PathReports {
 public:
  std::optional<PathReport> next(const GstStructure* stats);

 private:
  std::optional<PathReport> last_;
};

}  // namespace gstlk::client
