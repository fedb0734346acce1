// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace gstlk::sfu {
class TrackRegistry;
}

G_BEGIN_DECLS

#define GST_TYPE_SFU_ROUTER (gst_sfu_router_get_type())
G_DECLARE_FINAL_TYPE(GstSfuRouter, gst_sfu_router, GST, SFU_ROUTER, GstElement)

G_END_DECLS

// For its pads: the tracks that they name.
gstlk::sfu::TrackRegistry& gst_sfu_router_get_tracks(GstSfuRouter* self);
