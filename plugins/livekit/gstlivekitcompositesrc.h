// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_LIVEKIT_COMPOSITE_SRC (gst_livekit_composite_src_get_type())
G_DECLARE_FINAL_TYPE(GstLiveKitCompositeSrc, gst_livekit_composite_src, GST, LIVEKIT_COMPOSITE_SRC,
                     GstBin)

G_END_DECLS
