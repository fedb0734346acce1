// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include "plugins/livekit/local_track.h"

G_BEGIN_DECLS

// A media pad of livekitsink: a track. The properties take effect when caps arrive, `muted` at any
// time.
#define GST_TYPE_LIVEKIT_SINK_PAD (gst_livekit_sink_pad_get_type())
G_DECLARE_FINAL_TYPE(GstLiveKitSinkPad, gst_livekit_sink_pad, GST, LIVEKIT_SINK_PAD, GstGhostPad)

G_END_DECLS

namespace gstlk::client {

// Any thread.
TrackSettings sink_pad_settings(GstLiveKitSinkPad* pad);
// Pads of the same non-empty text are one track.
std::string sink_pad_track(GstLiveKitSinkPad* pad);
bool sink_pad_muted(GstLiveKitSinkPad* pad);
// What the server has decided; notifies.
void sink_pad_set_muted(GstLiveKitSinkPad* pad, bool muted);

}  // namespace gstlk::client
