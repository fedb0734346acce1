// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <memory>

namespace gstlk::sfu {
class TransportPort;
}

G_BEGIN_DECLS

// A sink pad of sfu-transport: one stream that is sent to the peer. What comes in goes to its
// TransportPort, on the thread that pushes.
#define GST_TYPE_SFU_TRANSPORT_SINK_PAD (gst_sfu_transport_sink_pad_get_type())
G_DECLARE_FINAL_TYPE(GstSfuTransportSinkPad, gst_sfu_transport_sink_pad, GST,
                     SFU_TRANSPORT_SINK_PAD, GstPad)

GstPad* gst_sfu_transport_sink_pad_new(GstPadTemplate* pad_template, const gchar* name);

G_END_DECLS

// The end of the pad's stream, or null when there was none. The pad is not active any more.
std::shared_ptr<gstlk::sfu::TransportPort> gst_sfu_transport_sink_pad_take_port(
    GstSfuTransportSinkPad* self);
