// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

// A sink pad of sfu-router: one encoding of the track that its property `track` names.
#define GST_TYPE_SFU_ROUTER_SINK_PAD (gst_sfu_router_sink_pad_get_type())
G_DECLARE_FINAL_TYPE(GstSfuRouterSinkPad, gst_sfu_router_sink_pad, GST, SFU_ROUTER_SINK_PAD, GstPad)

GstPad* gst_sfu_router_sink_pad_new(GstPadTemplate* pad_template, const gchar* name);

// The pad has become a router's, and its properties hold from now on; it is going to be removed.
void gst_sfu_router_sink_pad_enter(GstSfuRouterSinkPad* self);
void gst_sfu_router_sink_pad_leave(GstSfuRouterSinkPad* self);

G_END_DECLS
