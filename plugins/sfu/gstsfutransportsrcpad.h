// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

// A source pad of sfu-transport: one encoding that the peer sends, known by the `mid` of its m-line
// and its `rid`, which is empty without simulcast. The session's worker pushes on it.
#define GST_TYPE_SFU_TRANSPORT_SRC_PAD (gst_sfu_transport_src_pad_get_type())
G_DECLARE_FINAL_TYPE(GstSfuTransportSrcPad, gst_sfu_transport_src_pad, GST, SFU_TRANSPORT_SRC_PAD,
                     GstPad)

GstPad* gst_sfu_transport_src_pad_new(GstPadTemplate* pad_template, const gchar* name,
                                      const gchar* mid, const gchar* rid);

G_END_DECLS
