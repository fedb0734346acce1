// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace gstlk::client {

// Takes a webrtcbin to NULL, and with it what webrtcbin (1.22) leaves playing, or with a reference
// to itself, when it is shut in the moment in which it connects. It is of no more use afterwards.
// Waits for its threads.
void shut_down(GstElement* webrtcbin);

}  // namespace gstlk::client
