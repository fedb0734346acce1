// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-sfu-transport
 * @title: sfu-transport
 *
 * One WebRTC peer connection, server side: ICE-lite, DTLS, SRTP, SCTP and RTCP towards one peer.
 * What the peer sends comes out of `src_%u` pads, one for each RTP encoding, as application/x-rtp
 * without any waiting; what is linked to `sink_%u` pads goes to the peer. SDP is left to the
 * application: it gives the result of a negotiation as the property `media`, one structure for each
 * m-line, beside the peer's ICE credentials and DTLS fingerprint. A source pad has caps once the
 * peer is connected: those of its m-line's first format, until another is received.
 *
 * All transports share a few worker threads and UDP ports, which travel in a #GstContext of type
 * `gstlk.sfu.workers`; the first one in a pipeline makes them from its own properties when nobody
 * has set that context.
 *
 * An upstream GstForceKeyUnit event on a source pad becomes a PLI or FIR (merged and throttled;
 * "sfu-keyframe", as sfu-router sends it, answers those that wait); a PLI, FIR or NACK of the peer
 * becomes an upstream GstForceKeyUnit or GstRTPRetransmissionRequest event on a sink pad. NACKs
 * towards the peer, receiver and sender reports and transport-wide feedback are made inside.
 *
 * |[
 * gst-launch-1.0 sfu-router name=r  sfu-transport name=t  t.src_0 ! r.sink_0
 * ]|
 *
 * Since: 0.1
 */

#include "plugins/sfu/gstsfutransport.h"

#include "plugins/sfu/gstsfutransportproperties.h"
#include "plugins/sfu/gstsfutransportsignals.h"
#include "plugins/sfu/gstsfutransportsinkpad.h"
#include "plugins/sfu/gstsfutransportsrcpad.h"
#include "plugins/sfu/peer_session.h"
#include "plugins/sfu/sfu_transport.h"

GST_DEBUG_CATEGORY(gst_sfu_transport_debug);
#define GST_CAT_DEFAULT gst_sfu_transport_debug

using gstlk::sfu::PeerSession;
using gstlk::sfu::PeerStats;
using gstlk::sfu::SfuTransport;

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS("application/x-rtp"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS("application/x-rtp"));

struct _GstSfuTransport {
  GstElement parent;
  SfuTransport* impl;
};
G_DEFINE_FINAL_TYPE(GstSfuTransport, gst_sfu_transport, GST_TYPE_ELEMENT)

std::shared_ptr<PeerSession> gst_sfu_transport_get_session(GstSfuTransport* self) {
  return self->impl->session();
}

PeerStats gst_sfu_transport_read_stats(GstSfuTransport* self) {
  const auto session = self->impl->session();
  return session ? session->stats() : PeerStats{};
}

static void gst_sfu_transport_init(GstSfuTransport* self) {
  GstElementClass* klass = GST_ELEMENT_GET_CLASS(self);
  self->impl =
      new SfuTransport(GST_ELEMENT(self), gst_element_class_get_pad_template(klass, "src_%u"));
  GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
}

static void gst_sfu_transport_finalize(GObject* object) {
  delete GST_SFU_TRANSPORT(object)->impl;
  G_OBJECT_CLASS(gst_sfu_transport_parent_class)->finalize(object);
}

static void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  gst_sfu_transport_set_property(*GST_SFU_TRANSPORT(object)->impl, object, id, value, spec);
}

static void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  gst_sfu_transport_get_property(*GST_SFU_TRANSPORT(object)->impl, object, id, value, spec);
}

static GstPad* gst_sfu_transport_request_new_pad(GstElement* element, GstPadTemplate* pad_template,
                                                 const gchar* name, const GstCaps*) {
  return GST_SFU_TRANSPORT(element)->impl->request_sink_pad(pad_template, name);
}

static void gst_sfu_transport_release_pad(GstElement* element, GstPad* pad) {
  GST_SFU_TRANSPORT(element)->impl->release_sink_pad(pad);
}

static void gst_sfu_transport_set_context(GstElement* element, GstContext* context) {
  GST_SFU_TRANSPORT(element)->impl->set_context(context);
  GST_ELEMENT_CLASS(gst_sfu_transport_parent_class)->set_context(element, context);
}

static GstStateChangeReturn gst_sfu_transport_change_state(GstElement* element,
                                                           GstStateChange transition) {
  SfuTransport* impl = GST_SFU_TRANSPORT(element)->impl;
  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !impl->start()) {
    return GST_STATE_CHANGE_FAILURE;
  }
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) {
    if (const auto session = impl->session())
      session->set_base_time(gst_element_get_base_time(element));
  }
  GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_sfu_transport_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) impl->stop();
  // Who was linked to it before this session has yet to find its ports.
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) {
    gst_element_foreach_sink_pad(
        element,
        [](GstElement*, GstPad* pad, gpointer) -> gboolean {
          gst_pad_push_event(pad, gst_event_new_reconfigure());
          return TRUE;
        },
        nullptr);
  }
  // Live: there is no data in PAUSED.
  if (result == GST_STATE_CHANGE_SUCCESS && (transition == GST_STATE_CHANGE_READY_TO_PAUSED ||
                                             transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)) {
    result = GST_STATE_CHANGE_NO_PREROLL;
  }
  return result;
}

static void gst_sfu_transport_class_init(GstSfuTransportClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  GST_DEBUG_CATEGORY_INIT(gst_sfu_transport_debug, "sfutransport", 0, "SFU WebRTC transport");
  object_class->finalize = gst_sfu_transport_finalize;
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  element_class->request_new_pad = gst_sfu_transport_request_new_pad;
  element_class->release_pad = gst_sfu_transport_release_pad;
  element_class->set_context = gst_sfu_transport_set_context;
  element_class->change_state = gst_sfu_transport_change_state;
  gst_sfu_transport_install_properties(object_class);
  gst_sfu_transport_install_signals(object_class);
  gst_element_class_add_static_pad_template_with_gtype(element_class, &sink_template,
                                                       GST_TYPE_SFU_TRANSPORT_SINK_PAD);
  gst_element_class_add_static_pad_template_with_gtype(element_class, &src_template,
                                                       GST_TYPE_SFU_TRANSPORT_SRC_PAD);
  gst_element_class_set_static_metadata(
      element_class, "SFU WebRTC transport", "Network/WebRTC",
      "The server side of one WebRTC peer connection: ICE-lite, DTLS-SRTP, SCTP, RTCP",
      "The gst-livekit authors");
}
