// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <memory>

namespace gstlk::sfu {
class PeerSession;
struct PeerStats;
}  // namespace gstlk::sfu

G_BEGIN_DECLS

#define GST_TYPE_SFU_TRANSPORT (gst_sfu_transport_get_type())
G_DECLARE_FINAL_TYPE(GstSfuTransport, gst_sfu_transport, GST, SFU_TRANSPORT, GstElement)

// Values of the property `state`.
#define GST_TYPE_SFU_TRANSPORT_STATE (gst_sfu_transport_state_get_type())
GType gst_sfu_transport_state_get_type(void);

G_END_DECLS

// For its pads and signals: the peer connection; null below READY.
std::shared_ptr<gstlk::sfu::PeerSession> gst_sfu_transport_get_session(GstSfuTransport* self);

// What the property `stats` says, for who is in the same process and asks for many.
gstlk::sfu::PeerStats gst_sfu_transport_read_stats(GstSfuTransport* self);
