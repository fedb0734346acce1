// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "metrics/family.h"

namespace gstlk::metrics {

// Memory, processor and file descriptors of this process, now, under the names that every
// Prometheus client library uses and with no labels, as LiveKit's.
std::string print_process_metrics();
double resident_bytes();

}  // namespace gstlk::metrics
