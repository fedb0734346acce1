// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/gstsfutransportsinkpad.h"

#include <atomic>
#include <chrono>
#include <utility>

#include "plugins/sfu/gstsfutransport.h"
#include "plugins/sfu/peer_session.h"
#include "plugins/sfu/sfu_events.h"
#include "plugins/sfu/transport_port.h"

using gstlk::Mid;
using gstlk::Ssrc;
using gstlk::sfu::PeerSession;
using gstlk::sfu::TransportPort;

struct _GstSfuTransportSinkPad {
  GstPad parent;
  gchar* mid;
  gchar* cname;
  guint ssrc;
  guint rtx_ssrc;
  gint min_playout_delay;
  guint max_playout_delay;
  std::shared_ptr<TransportPort>* port;  // made when the pad is first asked for it
  // The same for the chain functions, which would otherwise lock the pad and count a reference at
  // every push. They run under the stream lock: whoever has deactivated the pad may let go.
  std::atomic<TransportPort*> streaming_port;
};
G_DEFINE_FINAL_TYPE(GstSfuTransportSinkPad, gst_sfu_transport_sink_pad, GST_TYPE_PAD)

enum {
  PAD_PROP_0,
  PAD_PROP_MID,
  PAD_PROP_CNAME,
  PAD_PROP_SSRC,
  PAD_PROP_RTX_SSRC,
  PAD_PROP_MIN_PLAYOUT_DELAY,
  PAD_PROP_MAX_PLAYOUT_DELAY,
};

// The pad's stream in the session; made at the first use, because its properties are set before the
// pad is linked but after it was requested.
static std::shared_ptr<TransportPort> sink_port(GstSfuTransportSinkPad* pad, GstObject* parent) {
  GST_OBJECT_LOCK(pad);
  std::shared_ptr<TransportPort> port = *pad->port;
  GST_OBJECT_UNLOCK(pad);
  if (port) return port;
  const std::shared_ptr<PeerSession> session =
      gst_sfu_transport_get_session(GST_SFU_TRANSPORT(parent));
  if (!session) return nullptr;
  GST_OBJECT_LOCK(pad);
  if (pad->ssrc == 0) pad->ssrc = g_random_int();
  TransportPort::Config config{
      Mid(pad->mid ? pad->mid : ""), Ssrc(pad->ssrc), {}, {}, pad->cname ? pad->cname : ""};
  if (pad->rtx_ssrc != 0) config.rtx_ssrc = Ssrc(pad->rtx_ssrc);
  if (pad->min_playout_delay >= 0) {
    config.playout_delay = {std::chrono::milliseconds(pad->min_playout_delay),
                            std::chrono::milliseconds(pad->max_playout_delay)};
  }
  if (!*pad->port) {
    *pad->port = std::make_shared<TransportPort>(session, GST_PAD(pad), std::move(config));
    port = *pad->port;
    pad->streaming_port = port.get();
  }
  std::shared_ptr<TransportPort> result = *pad->port;
  GST_OBJECT_UNLOCK(pad);
  if (port) session->add_port(port);
  return result;
}

std::shared_ptr<TransportPort> gst_sfu_transport_sink_pad_take_port(GstSfuTransportSinkPad* self) {
  GST_OBJECT_LOCK(self);
  self->streaming_port = nullptr;
  std::shared_ptr<TransportPort> port = std::exchange(*self->port, nullptr);
  GST_OBJECT_UNLOCK(self);
  return port;
}

// The cast without a look at the type: the pad has this function because it is one.
static GstFlowReturn sink_chain_list(GstPad* pad, GstObject* parent, GstBufferList* list) {
  auto* self = reinterpret_cast<GstSfuTransportSinkPad*>(pad);
  TransportPort* port = self->streaming_port.load(std::memory_order_acquire);
  if (!port) port = sink_port(self, parent).get();
  if (port) return port->push(list);
  gst_buffer_list_unref(list);
  return GST_FLOW_FLUSHING;
}

static GstFlowReturn sink_chain(GstPad* pad, GstObject* parent, GstBuffer* buffer) {
  GstBufferList* list = gst_buffer_list_new_sized(1);
  gst_buffer_list_add(list, buffer);
  return sink_chain_list(pad, parent, list);
}

static gboolean sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  if (const auto report = gstlk::sfu::parse_sender_report(event)) {
    const auto port = sink_port(GST_SFU_TRANSPORT_SINK_PAD(pad), parent);
    if (port) port->set_clock_mapping(report->ntp, report->rtp_timestamp);
  }
  gst_event_unref(event);
  return TRUE;
}

static gboolean sink_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_CUSTOM) {
    const auto port = sink_port(GST_SFU_TRANSPORT_SINK_PAD(pad), parent);
    if (port && gstlk::sfu::answer_send_port_query(query, port)) return TRUE;
  }
  return gst_pad_query_default(pad, parent, query);
}

GstPad* gst_sfu_transport_sink_pad_new(GstPadTemplate* pad_template, const gchar* name) {
  auto* pad = GST_PAD(g_object_new(GST_TYPE_SFU_TRANSPORT_SINK_PAD, "name", name, "direction",
                                   GST_PAD_SINK, "template", pad_template, nullptr));
  gst_pad_set_chain_list_function(pad, sink_chain_list);
  gst_pad_set_chain_function(pad, sink_chain);
  gst_pad_set_event_function(pad, sink_event);
  gst_pad_set_query_function(pad, sink_query);
  return pad;
}

// --- GObject ---

static void gst_sfu_transport_sink_pad_init(GstSfuTransportSinkPad* self) {
  self->port = new std::shared_ptr<TransportPort>;
  self->min_playout_delay = -1;
}

static void gst_sfu_transport_sink_pad_finalize(GObject* object) {
  auto* self = GST_SFU_TRANSPORT_SINK_PAD(object);
  g_free(self->mid);
  g_free(self->cname);
  delete self->port;
  G_OBJECT_CLASS(gst_sfu_transport_sink_pad_parent_class)->finalize(object);
}

static void gst_sfu_transport_sink_pad_set_property(GObject* object, guint id, const GValue* value,
                                                    GParamSpec* spec) {
  auto* self = GST_SFU_TRANSPORT_SINK_PAD(object);
  GST_OBJECT_LOCK(self);
  switch (id) {
    case PAD_PROP_MID:
      g_free(self->mid);
      self->mid = g_value_dup_string(value);
      break;
    case PAD_PROP_CNAME:
      g_free(self->cname);
      self->cname = g_value_dup_string(value);
      break;
    case PAD_PROP_SSRC:
      self->ssrc = g_value_get_uint(value);
      break;
    case PAD_PROP_RTX_SSRC:
      self->rtx_ssrc = g_value_get_uint(value);
      break;
    case PAD_PROP_MIN_PLAYOUT_DELAY:
      self->min_playout_delay = g_value_get_int(value);
      break;
    case PAD_PROP_MAX_PLAYOUT_DELAY:
      self->max_playout_delay = g_value_get_uint(value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
  GST_OBJECT_UNLOCK(self);
}

static void gst_sfu_transport_sink_pad_get_property(GObject* object, guint id, GValue* value,
                                                    GParamSpec* spec) {
  auto* self = GST_SFU_TRANSPORT_SINK_PAD(object);
  GST_OBJECT_LOCK(self);
  switch (id) {
    case PAD_PROP_MID:
      g_value_set_string(value, self->mid);
      break;
    case PAD_PROP_CNAME:
      g_value_set_string(value, self->cname);
      break;
    case PAD_PROP_SSRC:
      g_value_set_uint(value, self->ssrc);
      break;
    case PAD_PROP_RTX_SSRC:
      g_value_set_uint(value, self->rtx_ssrc);
      break;
    case PAD_PROP_MIN_PLAYOUT_DELAY:
      g_value_set_int(value, self->min_playout_delay);
      break;
    case PAD_PROP_MAX_PLAYOUT_DELAY:
      g_value_set_uint(value, self->max_playout_delay);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
  GST_OBJECT_UNLOCK(self);
}

static void gst_sfu_transport_sink_pad_class_init(GstSfuTransportSinkPadClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->finalize = gst_sfu_transport_sink_pad_finalize;
  object_class->set_property = gst_sfu_transport_sink_pad_set_property;
  object_class->get_property = gst_sfu_transport_sink_pad_get_property;
  const auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                              GST_PARAM_MUTABLE_READY);
  g_object_class_install_property(
      object_class, PAD_PROP_MID,
      g_param_spec_string("mid", "Media id",
                          "The a=mid of the m-line in `media` that this stream is sent on; set "
                          "before the pad is linked (default: empty)",
                          "", flags));
  g_object_class_install_property(
      object_class, PAD_PROP_CNAME,
      g_param_spec_string("cname", "Canonical name",
                          "CNAME of the stream's sender reports (RFC 3550 section 6.5.1): streams "
                          "of one name are on one clock and are played in sync; set before the pad "
                          "is linked (default: empty, one of the transport's own)",
                          "", flags));
  g_object_class_install_property(
      object_class, PAD_PROP_SSRC,
      g_param_spec_uint("ssrc", "SSRC",
                        "RTP synchronization source of what is sent, as announced to the peer "
                        "(default: 0, a random one)",
                        0, G_MAXUINT32, 0, flags));
  g_object_class_install_property(
      object_class, PAD_PROP_RTX_SSRC,
      g_param_spec_uint("rtx-ssrc", "Retransmission SSRC",
                        "SSRC of RFC 4588 retransmissions (default: 0, packets are sent again as "
                        "they were)",
                        0, G_MAXUINT32, 0, flags));
  g_object_class_install_property(
      object_class, PAD_PROP_MIN_PLAYOUT_DELAY,
      g_param_spec_int("min-playout-delay", "Least playout delay",
                       "How long the peer shall hold video back at least, in milliseconds; the "
                       "jitter on the way to it adds to that. Told by the playout-delay header "
                       "extension where it was negotiated; set before the pad is linked (default: "
                       "-1, nothing is told)",
                       -1, 40950, -1, flags));
  g_object_class_install_property(
      object_class, PAD_PROP_MAX_PLAYOUT_DELAY,
      g_param_spec_uint("max-playout-delay", "Most playout delay",
                        "How long the peer shall hold video back at most, in milliseconds, when "
                        "min-playout-delay is set (default: 0, ten seconds; with a "
                        "min-playout-delay of 0 it renders as fast as it can)",
                        0, 40950, 0, flags));
}
