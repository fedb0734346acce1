// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/gstsfutransportsrcpad.h"

#include <gst/video/video.h>

#include "plugins/sfu/gstsfutransport.h"
#include "plugins/sfu/peer_session.h"
#include "plugins/sfu/sfu_events.h"

struct _GstSfuTransportSrcPad {
  GstPad parent;
  gchar* mid;
  gchar* rid;
};
G_DEFINE_FINAL_TYPE(GstSfuTransportSrcPad, gst_sfu_transport_src_pad, GST_TYPE_PAD)

enum { SRC_PAD_PROP_0, SRC_PAD_PROP_MID, SRC_PAD_PROP_RID };

static gboolean src_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  const bool wanted = gst_video_event_is_force_key_unit(event);
  if (wanted || gstlk::sfu::is_keyframe_notice(event)) {
    const auto session = gst_sfu_transport_get_session(GST_SFU_TRANSPORT(parent));
    if (session && wanted) session->request_keyframe(pad);
    if (session && !wanted) session->on_keyframe(pad);
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_RECONFIGURE) {
    if (const auto session = gst_sfu_transport_get_session(GST_SFU_TRANSPORT(parent)))
      session->announce(pad);
  }
  // Nothing above a transport could act on anything else.
  gst_event_unref(event);
  return TRUE;
}

static gboolean src_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_LATENCY) {
    gst_query_set_latency(query, TRUE, 0, GST_CLOCK_TIME_NONE);
    return TRUE;
  }
  return gst_pad_query_default(pad, parent, query);
}

GstPad* gst_sfu_transport_src_pad_new(GstPadTemplate* pad_template, const gchar* name,
                                      const gchar* mid, const gchar* rid) {
  auto* pad =
      GST_PAD(g_object_new(GST_TYPE_SFU_TRANSPORT_SRC_PAD, "name", name, "direction", GST_PAD_SRC,
                           "template", pad_template, "mid", mid, "rid", rid, nullptr));
  gst_pad_set_event_function(pad, src_event);
  gst_pad_set_query_function(pad, src_query);
  return pad;
}

// --- GObject ---

static void gst_sfu_transport_src_pad_init(GstSfuTransportSrcPad*) {}

static void gst_sfu_transport_src_pad_finalize(GObject* object) {
  auto* self = GST_SFU_TRANSPORT_SRC_PAD(object);
  g_free(self->mid);
  g_free(self->rid);
  G_OBJECT_CLASS(gst_sfu_transport_src_pad_parent_class)->finalize(object);
}

static void gst_sfu_transport_src_pad_set_property(GObject* object, guint id, const GValue* value,
                                                   GParamSpec* spec) {
  auto* self = GST_SFU_TRANSPORT_SRC_PAD(object);
  switch (id) {
    case SRC_PAD_PROP_MID:
      self->mid = g_value_dup_string(value);
      break;
    case SRC_PAD_PROP_RID:
      self->rid = g_value_dup_string(value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

static void gst_sfu_transport_src_pad_get_property(GObject* object, guint id, GValue* value,
                                                   GParamSpec* spec) {
  const auto* self = GST_SFU_TRANSPORT_SRC_PAD(object);
  switch (id) {
    case SRC_PAD_PROP_MID:
      g_value_set_string(value, self->mid);
      break;
    case SRC_PAD_PROP_RID:
      g_value_set_string(value, self->rid);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

static void gst_sfu_transport_src_pad_class_init(GstSfuTransportSrcPadClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->finalize = gst_sfu_transport_src_pad_finalize;
  object_class->set_property = gst_sfu_transport_src_pad_set_property;
  object_class->get_property = gst_sfu_transport_src_pad_get_property;
  const auto flags =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property(
      object_class, SRC_PAD_PROP_MID,
      g_param_spec_string("mid", "Media id", "The a=mid of the m-line it is received on", "",
                          flags));
  g_object_class_install_property(
      object_class, SRC_PAD_PROP_RID,
      g_param_spec_string("rid", "RTP stream id",
                          "The a=rid of the simulcast encoding (RFC 8851), empty without simulcast",
                          "", flags));
}
