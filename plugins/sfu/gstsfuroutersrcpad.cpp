// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/gstsfuroutersrcpad.h"

#include <gst/video/video.h>

#include <memory>
#include <string>

#include "base/ref.h"
#include "plugins/sfu/gstsfurouter.h"
#include "plugins/sfu/router_port.h"
#include "plugins/sfu/sfu_events.h"
#include "plugins/sfu/track_registry.h"

using gstlk::Ref;
using gstlk::sfu::RouterPort;
using gstlk::sfu::TrackRegistry;

struct _GstSfuRouterSrcPad {
  GstPad parent;
  gchar* track;
  guint ssrc;
  std::shared_ptr<RouterPort>* port;
};
G_DEFINE_FINAL_TYPE(GstSfuRouterSrcPad, gst_sfu_router_src_pad, GST_TYPE_PAD)

enum {
  SRC_PROP_0,
  SRC_PROP_TRACK,
  SRC_PROP_MAX_SPATIAL,
  SRC_PROP_MAX_TEMPORAL,
  SRC_PROP_PAUSED,
  SRC_PROP_CURRENT_SPATIAL,
  SRC_PROP_CURRENT_TEMPORAL,
  SRC_PROP_TARGET_SPATIAL,
  SRC_PROP_SSRC,
};

static TrackRegistry& tracks_of(GstObject* router) {
  return gst_sfu_router_get_tracks(GST_SFU_ROUTER(router));
}

// Null when the router has released the pad.
static std::shared_ptr<RouterPort> src_port(GstSfuRouterSrcPad* pad) {
  GST_OBJECT_LOCK(pad);
  std::shared_ptr<RouterPort> port = *pad->port;
  GST_OBJECT_UNLOCK(pad);
  return port;
}

static void src_rebind(GstSfuRouterSrcPad* pad) {
  const auto parent = Ref<GstObject>::adopt(gst_object_get_parent(GST_OBJECT(pad)));
  const auto peer = Ref<GstPad>::adopt(gst_pad_get_peer(GST_PAD(pad)));
  const std::shared_ptr<RouterPort> port = src_port(pad);
  if (!port) return;
  if (!parent || !peer) {
    port->detach();
    return;
  }
  GST_OBJECT_LOCK(pad);
  const std::string track = pad->track ? pad->track : "";
  GST_OBJECT_UNLOCK(pad);
  port->attach(tracks_of(parent.get()).find_or_add(track), peer.get());
}

static void on_link_changed(GstPad* pad, GstPad*, gpointer) {
  src_rebind(GST_SFU_ROUTER_SRC_PAD(pad));
}

void gst_sfu_router_src_pad_leave(GstSfuRouterSrcPad* self) {
  g_signal_handlers_disconnect_by_func(self, reinterpret_cast<gpointer>(on_link_changed), nullptr);
  // The port holds the pad.
  std::shared_ptr<RouterPort> port;
  GST_OBJECT_LOCK(self);
  port.swap(*self->port);
  GST_OBJECT_UNLOCK(self);
  if (port) port->detach();
}

static gboolean src_event(GstPad* pad, GstObject*, GstEvent* event) {
  auto* self = GST_SFU_ROUTER_SRC_PAD(pad);
  const std::shared_ptr<RouterPort> port = src_port(self);
  if (port) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_RECONFIGURE) {
      const auto peer = Ref<GstPad>::adopt(gst_pad_get_peer(pad));
      if (peer && !port->is_attached_to(peer.get())) src_rebind(self);
    } else if (gst_video_event_is_force_key_unit(event)) {
      port->handle_keyframe_request();
    } else if (const auto sequence = gstlk::sfu::parse_retransmission_request(event)) {
      port->handle_nack(*sequence);
    }
  }
  // One subscriber's wishes do not concern the others: nothing else goes upstream.
  gst_event_unref(event);
  return TRUE;
}

GstPad* gst_sfu_router_src_pad_new(GstPadTemplate* pad_template, const gchar* name) {
  auto* pad = GST_PAD(g_object_new(GST_TYPE_SFU_ROUTER_SRC_PAD, "name", name, "direction",
                                   GST_PAD_SRC, "template", pad_template, nullptr));
  auto* self = GST_SFU_ROUTER_SRC_PAD(pad);
  *self->port = std::make_shared<RouterPort>(pad);
  (*self->port)->set_ssrc(self->ssrc);
  gst_pad_set_event_function(pad, src_event);
  g_signal_connect(pad, "linked", G_CALLBACK(on_link_changed), nullptr);
  g_signal_connect(pad, "unlinked", G_CALLBACK(on_link_changed), nullptr);
  return pad;
}

// --- GObject ---

static void gst_sfu_router_src_pad_init(GstSfuRouterSrcPad* self) {
  self->port = new std::shared_ptr<RouterPort>;
  self->ssrc = g_random_int();
}

static void gst_sfu_router_src_pad_finalize(GObject* object) {
  auto* self = GST_SFU_ROUTER_SRC_PAD(object);
  g_free(self->track);
  delete self->port;
  G_OBJECT_CLASS(gst_sfu_router_src_pad_parent_class)->finalize(object);
}

static void gst_sfu_router_src_pad_set_property(GObject* object, guint id, const GValue* value,
                                                GParamSpec* spec) {
  auto* self = GST_SFU_ROUTER_SRC_PAD(object);
  const std::shared_ptr<RouterPort> port = src_port(self);
  switch (id) {
    case SRC_PROP_TRACK:
      GST_OBJECT_LOCK(self);
      g_free(self->track);
      self->track = g_value_dup_string(value);
      GST_OBJECT_UNLOCK(self);
      src_rebind(self);
      break;
    case SRC_PROP_MAX_SPATIAL:
      if (port) {
        port->set_max_layer(
            {static_cast<uint8_t>(g_value_get_uint(value)), port->max_layer().temporal});
      }
      break;
    case SRC_PROP_MAX_TEMPORAL:
      if (port) {
        port->set_max_layer(
            {port->max_layer().spatial, static_cast<uint8_t>(g_value_get_uint(value))});
      }
      break;
    case SRC_PROP_PAUSED:
      if (port) port->set_paused(g_value_get_boolean(value));
      break;
    case SRC_PROP_SSRC:
      self->ssrc = g_value_get_uint(value);
      if (port) port->set_ssrc(self->ssrc);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

static void gst_sfu_router_src_pad_get_property(GObject* object, guint id, GValue* value,
                                                GParamSpec* spec) {
  auto* self = GST_SFU_ROUTER_SRC_PAD(object);
  const std::shared_ptr<RouterPort> port = src_port(self);
  const auto sending = port ? port->sending() : std::nullopt;
  switch (id) {
    case SRC_PROP_TRACK:
      GST_OBJECT_LOCK(self);
      g_value_set_string(value, self->track);
      GST_OBJECT_UNLOCK(self);
      break;
    case SRC_PROP_MAX_SPATIAL:
      g_value_set_uint(value, port ? port->max_layer().spatial : 0);
      break;
    case SRC_PROP_MAX_TEMPORAL:
      g_value_set_uint(value, port ? port->max_layer().temporal : 0);
      break;
    case SRC_PROP_PAUSED:
      g_value_set_boolean(value, port && port->paused());
      break;
    case SRC_PROP_CURRENT_SPATIAL:
      g_value_set_int(value, sending ? sending->current.spatial : -1);
      break;
    case SRC_PROP_CURRENT_TEMPORAL:
      g_value_set_int(value, sending ? sending->current.temporal : -1);
      break;
    case SRC_PROP_TARGET_SPATIAL:
      g_value_set_int(value, sending ? sending->target.spatial : -1);
      break;
    case SRC_PROP_SSRC:
      g_value_set_uint(value, self->ssrc);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

static void gst_sfu_router_src_pad_class_init(GstSfuRouterSrcPadClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->finalize = gst_sfu_router_src_pad_finalize;
  object_class->set_property = gst_sfu_router_src_pad_set_property;
  object_class->get_property = gst_sfu_router_src_pad_get_property;
  const auto rw = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                           GST_PARAM_MUTABLE_PLAYING);
  const auto ro = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property(
      object_class, SRC_PROP_TRACK,
      g_param_spec_string("track", "Track", "Name of the track it gets (default: empty)", "", rw));
  g_object_class_install_property(
      object_class, SRC_PROP_MAX_SPATIAL,
      g_param_spec_uint(
          "max-spatial", "Highest spatial layer",
          "Simulcast encoding or SVC spatial layer to forward at most, from the lowest "
          "(default: 3)",
          0, 3, 3, rw));
  g_object_class_install_property(
      object_class, SRC_PROP_MAX_TEMPORAL,
      g_param_spec_uint("max-temporal", "Highest temporal layer",
                        "Temporal layer to forward at most, from the lowest (default: 7)", 0, 7, 7,
                        rw));
  g_object_class_install_property(
      object_class, SRC_PROP_PAUSED,
      g_param_spec_boolean("paused", "Paused",
                           "Forward nothing; video goes on with a keyframe (default: false)", FALSE,
                           rw));
  g_object_class_install_property(
      object_class, SRC_PROP_CURRENT_SPATIAL,
      g_param_spec_int("current-spatial", "Current spatial layer",
                       "Layer that is forwarded; -1 before the first packet", -1, 3, -1, ro));
  g_object_class_install_property(
      object_class, SRC_PROP_CURRENT_TEMPORAL,
      g_param_spec_int("current-temporal", "Current temporal layer",
                       "Highest temporal layer that is forwarded; -1 before the first packet", -1,
                       7, -1, ro));
  g_object_class_install_property(
      object_class, SRC_PROP_TARGET_SPATIAL,
      g_param_spec_int("target-spatial", "Target spatial layer",
                       "Layer that is to be forwarded from its next keyframe on; -1 before the "
                       "first packet",
                       -1, 3, -1, ro));
  g_object_class_install_property(
      object_class, SRC_PROP_SSRC,
      g_param_spec_uint("ssrc", "SSRC",
                        "Synchronization source of packets to elements other than sfu-transport "
                        "(default: random)",
                        0, G_MAXUINT32, 0, rw));
}
