// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_LIVEKIT_RECORDER (gst_livekit_recorder_get_type())
G_DECLARE_FINAL_TYPE(GstLiveKitRecorder, gst_livekit_recorder, GST, LIVEKIT_RECORDER, GstBin)

G_END_DECLS
