// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace gstlk::sfu {
struct PeerStats;
}

G_BEGIN_DECLS

#define GST_TYPE_SFU_TRANSPORT (gst_sfu_transport_get_type())
G_DECLARE_FINAL_TYPE(GstSfuTransport, gst_sfu_transport, GST, SFU_TRANSPORT, GstElement)

#define GST_TYPE_SFU_TRANSPORT_SINK_PAD (gst_sfu_transport_sink_pad_get_type())
G_DECLARE_FINAL_TYPE(GstSfuTransportSinkPad, gst_sfu_transport_sink_pad, GST,
                     SFU_TRANSPORT_SINK_PAD, GstPad)

#define GST_TYPE_SFU_TRANSPORT_SRC_PAD (gst_sfu_transport_src_pad_get_type())
G_DECLARE_FINAL_TYPE(GstSfuTransportSrcPad, gst_sfu_transport_src_pad, GST, SFU_TRANSPORT_SRC_PAD,
                     GstPad)

// Values of the property `state`.
#define GST_TYPE_SFU_TRANSPORT_STATE (gst_sfu_transport_state_get_type())
GType gst_sfu_transport_state_get_type(void);

G_END_DECLS

// What the property `stats` says, for who is in the same process and asks for many.
gstlk::sfu::PeerStats gst_sfu_transport_read_stats(GstSfuTransport* self);
