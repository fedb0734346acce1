// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_SFU_ROUTER (gst_sfu_router_get_type())
G_DECLARE_FINAL_TYPE(GstSfuRouter, gst_sfu_router, GST, SFU_ROUTER, GstElement)

#define GST_TYPE_SFU_ROUTER_SINK_PAD (gst_sfu_router_sink_pad_get_type())
G_DECLARE_FINAL_TYPE(GstSfuRouterSinkPad, gst_sfu_router_sink_pad, GST, SFU_ROUTER_SINK_PAD, GstPad)

#define GST_TYPE_SFU_ROUTER_SRC_PAD (gst_sfu_router_src_pad_get_type())
G_DECLARE_FINAL_TYPE(GstSfuRouterSrcPad, gst_sfu_router_src_pad, GST, SFU_ROUTER_SRC_PAD, GstPad)

G_END_DECLS
