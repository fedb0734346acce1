// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include "base/ids.h"
#include "base/ref.h"
#include "plugins/sfu/send_port.h"

namespace gstlk::sfu {

// The packet that `staged` stands for, written out: for a subscriber behind an element that knows
// no SendPort. The header extensions stay as they came; padding is gone. Thread-safe.
Ref<GstBuffer> new_whole_packet(const StagedPacket& staged, Ssrc ssrc);

}  // namespace gstlk::sfu
