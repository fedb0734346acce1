// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

// A source pad of sfu-router: one subscription to the track that its property `track` names, from
// the moment when it is linked.
#define GST_TYPE_SFU_ROUTER_SRC_PAD (gst_sfu_router_src_pad_get_type())
G_DECLARE_FINAL_TYPE(GstSfuRouterSrcPad, gst_sfu_router_src_pad, GST, SFU_ROUTER_SRC_PAD, GstPad)

GstPad* gst_sfu_router_src_pad_new(GstPadTemplate* pad_template, const gchar* name);

// The pad is going to be removed: the subscription ends.
void gst_sfu_router_src_pad_leave(GstSfuRouterSrcPad* self);

G_END_DECLS
