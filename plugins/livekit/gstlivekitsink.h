// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_LIVEKIT_SINK (gst_livekit_sink_get_type())
G_DECLARE_FINAL_TYPE(GstLiveKitSink, gst_livekit_sink, GST, LIVEKIT_SINK, GstBin)

G_END_DECLS
