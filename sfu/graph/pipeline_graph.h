// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include "room/media_report.h"

namespace gstlk::graph {

// The elements of `bin` and the links between their pads, as they are now. Main thread.
room::PipelineGraph read_graph(GstBin* bin);

}  // namespace gstlk::graph
