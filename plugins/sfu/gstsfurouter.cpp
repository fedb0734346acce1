// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-sfu-router
 * @title: sfu-router
 *
 * A selective forwarding unit: RTP encodings of tracks come in, each subscriber's choice of them
 * goes out as one unbroken stream. Nothing is decoded. A sink pad is one encoding of the track that
 * its property `track` names (simulcast: one pad for each, `layer` counting up from the lowest); a
 * source pad is one subscription to the track that its property names. Layers are switched on
 * keyframes, which are asked for by GstForceKeyUnit events upstream; GstRTPRetransmissionRequest
 * events from downstream are answered out of a cache. There is no jitter buffer and no waiting.
 *
 * Works between any elements that speak application/x-rtp. With sfu-transport as the peer of a
 * source pad, one buffer list is shared by all subscribers.
 *
 * |[
 * gst-launch-1.0 sfu-router name=r \
 *   videotestsrc is-live=true ! vp8enc deadline=1 keyframe-max-dist=60 ! rtpvp8pay ! r.sink_0 \
 *   r.src_0 ! rtpvp8depay ! vp8dec ! autovideosink \
 *   r.src_1 ! rtpvp8depay ! vp8dec ! autovideosink
 * ]|
 *
 * Since: 0.1
 */

#include "plugins/sfu/gstsfurouter.h"

#include <gst/video/video.h>

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "base/ref.h"
#include "plugins/sfu/router_port.h"
#include "plugins/sfu/router_track.h"
#include "plugins/sfu/sfu_events.h"
#include "plugins/sfu/worker.h"

GST_DEBUG_CATEGORY(gst_sfu_router_debug);
#define GST_CAT_DEFAULT gst_sfu_router_debug

using gstlk::Mutex;
using gstlk::MutexLock;
using gstlk::Ref;
using gstlk::forward::Layer;
using gstlk::sfu::RouterPort;
using gstlk::sfu::RouterTrack;

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS("application/x-rtp"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src_%u", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS("application/x-rtp"));

namespace {

// Order of locks: mutex_ alone; never held while a pad is pushed on or a RouterPort is called.
class SfuRouter {
 public:
  explicit SfuRouter(GstElement* element) : element_(element) {}

  GstPad* request_sink(GstPadTemplate* pad_template, const gchar* name);
  GstPad* request_src(GstPadTemplate* pad_template, const gchar* name);
  void release_pad(GstPad* pad);

  std::shared_ptr<RouterTrack> track(const std::string& id) EXCLUDES(mutex_);
  // Nobody uses it any more: forget the track.
  void drop_unused(const std::string& id) EXCLUDES(mutex_);

 private:
  std::string pad_name(const gchar* name, const char* prefix, unsigned& next) REQUIRES(mutex_);

  GstElement* const element_;
  Mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<RouterTrack>> tracks_ GUARDED_BY(mutex_);
  unsigned next_sink_ GUARDED_BY(mutex_) = 0;
  unsigned next_src_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

struct _GstSfuRouter {
  GstElement parent;
  SfuRouter* impl;
};

static void gst_sfu_router_child_proxy_init(gpointer interface, gpointer data);
G_DEFINE_FINAL_TYPE_WITH_CODE(GstSfuRouter, gst_sfu_router, GST_TYPE_ELEMENT,
                              G_IMPLEMENT_INTERFACE(GST_TYPE_CHILD_PROXY,
                                                    gst_sfu_router_child_proxy_init))

// --- the sink pad ---

struct _GstSfuRouterSinkPad {
  GstPad parent;
  gchar* track;
  guint layer;
  gboolean screen_share;
  std::shared_ptr<RouterTrack>* router_track;
};
G_DEFINE_FINAL_TYPE(GstSfuRouterSinkPad, gst_sfu_router_sink_pad, GST_TYPE_PAD)

enum {
  SINK_PROP_0,
  SINK_PROP_TRACK,
  SINK_PROP_LAYER,
  SINK_PROP_SCREEN_SHARE,
  SINK_PROP_AUDIO_LEVEL,
  SINK_PROP_IDLE_TIME,
  SINK_PROP_STATS,
};

static std::shared_ptr<RouterTrack> sink_track(GstSfuRouterSinkPad* pad) {
  GST_OBJECT_LOCK(pad);
  std::shared_ptr<RouterTrack> track = *pad->router_track;
  GST_OBJECT_UNLOCK(pad);
  return track;
}

// The pad enters the track that its properties name, and leaves the one it was in.
static void sink_rebind(GstSfuRouterSinkPad* pad, bool enter) {
  const auto parent = Ref<GstObject>::adopt(gst_object_get_parent(GST_OBJECT(pad)));
  const std::shared_ptr<RouterTrack> old = sink_track(pad);
  if (old) old->remove_sink(GST_PAD(pad));
  std::shared_ptr<RouterTrack> next;
  if (parent && enter)
    next = GST_SFU_ROUTER(parent.get())->impl->track(pad->track ? pad->track : "");
  GST_OBJECT_LOCK(pad);
  *pad->router_track = next;
  const guint layer = pad->layer;
  const bool screen_share = pad->screen_share;
  GST_OBJECT_UNLOCK(pad);
  if (next) {
    next->add_sink(GST_PAD(pad), static_cast<uint8_t>(layer));
    next->set_screen_share(screen_share);
    if (GstCaps* caps = gst_pad_get_current_caps(GST_PAD(pad))) {
      next->handle_caps(static_cast<uint8_t>(layer), caps);
      gst_caps_unref(caps);
    }
  }
  if (old && parent) GST_SFU_ROUTER(parent.get())->impl->drop_unused(old->id());
}

static void gst_sfu_router_sink_pad_init(GstSfuRouterSinkPad* self) {
  self->router_track = new std::shared_ptr<RouterTrack>;
}

static void gst_sfu_router_sink_pad_finalize(GObject* object) {
  auto* self = GST_SFU_ROUTER_SINK_PAD(object);
  g_free(self->track);
  delete self->router_track;
  G_OBJECT_CLASS(gst_sfu_router_sink_pad_parent_class)->finalize(object);
}

static void gst_sfu_router_sink_pad_set_property(GObject* object, guint id, const GValue* value,
                                                 GParamSpec* spec) {
  auto* self = GST_SFU_ROUTER_SINK_PAD(object);
  GST_OBJECT_LOCK(self);
  switch (id) {
    case SINK_PROP_TRACK:
      g_free(self->track);
      self->track = g_value_dup_string(value);
      break;
    case SINK_PROP_LAYER:
      self->layer = g_value_get_uint(value);
      break;
    case SINK_PROP_SCREEN_SHARE:
      self->screen_share = g_value_get_boolean(value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
  GST_OBJECT_UNLOCK(self);
  sink_rebind(self, true);
}

static GstStructure* track_stats(const RouterTrack* track) {
  GValue layers = G_VALUE_INIT;
  g_value_init(&layers, GST_TYPE_ARRAY);
  if (track) {
    for (const auto& layer : track->layers(gstlk::sfu::Worker::read_clock())) {
      GValue item = G_VALUE_INIT;
      g_value_init(&item, GST_TYPE_STRUCTURE);
      g_value_take_boxed(
          &item, gst_structure_new("layer", "bitrate", G_TYPE_UINT64, layer.bitrate.bps, "width",
                                   G_TYPE_UINT, static_cast<guint>(layer.width), "height",
                                   G_TYPE_UINT, static_cast<guint>(layer.height), "alive",
                                   G_TYPE_BOOLEAN, static_cast<gboolean>(layer.alive), nullptr));
      gst_value_array_append_and_take_value(&layers, &item);
    }
  }
  GstStructure* structure = gst_structure_new_empty("sfu-track-stats");
  gst_structure_take_value(structure, "layers", &layers);
  return structure;
}

static void gst_sfu_router_sink_pad_get_property(GObject* object, guint id, GValue* value,
                                                 GParamSpec* spec) {
  auto* self = GST_SFU_ROUTER_SINK_PAD(object);
  const std::shared_ptr<RouterTrack> track = sink_track(self);
  GST_OBJECT_LOCK(self);
  switch (id) {
    case SINK_PROP_TRACK:
      g_value_set_string(value, self->track);
      break;
    case SINK_PROP_LAYER:
      g_value_set_uint(value, self->layer);
      break;
    case SINK_PROP_SCREEN_SHARE:
      g_value_set_boolean(value, self->screen_share);
      break;
    case SINK_PROP_AUDIO_LEVEL:
      g_value_set_double(value, track ? track->audio_level() : 0.0);
      break;
    case SINK_PROP_IDLE_TIME: {
      const auto last = track ? track->last_arrival() : std::nullopt;
      const gstlk::Timestamp now = gstlk::sfu::Worker::read_clock();
      g_value_set_uint64(
          value, last ? static_cast<guint64>((now - *last).count()) * 1000 : GST_CLOCK_TIME_NONE);
      break;
    }
    case SINK_PROP_STATS:
      g_value_take_boxed(value, track_stats(track.get()));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
  GST_OBJECT_UNLOCK(self);
}

static void gst_sfu_router_sink_pad_class_init(GstSfuRouterSinkPadClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->finalize = gst_sfu_router_sink_pad_finalize;
  object_class->set_property = gst_sfu_router_sink_pad_set_property;
  object_class->get_property = gst_sfu_router_sink_pad_get_property;
  const auto rw = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                           GST_PARAM_MUTABLE_PLAYING);
  const auto ro = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property(
      object_class, SINK_PROP_TRACK,
      g_param_spec_string("track", "Track",
                          "Name of the track it is an encoding of (default: empty)", "", rw));
  g_object_class_install_property(
      object_class, SINK_PROP_LAYER,
      g_param_spec_uint("layer", "Layer",
                        "Simulcast: which encoding of the track, from the lowest (default: 0)", 0,
                        3, 0, rw));
  g_object_class_install_property(
      object_class, SINK_PROP_SCREEN_SHARE,
      g_param_spec_boolean("screen-share", "Screen share",
                           "Few frames are normal: a layer counts as gone later (default: false)",
                           FALSE, rw));
  g_object_class_install_property(
      object_class, SINK_PROP_AUDIO_LEVEL,
      g_param_spec_double("audio-level", "Audio level",
                          "Smoothed level of the track from RFC 6464 header extensions, linear; 0 "
                          "when silent or not audio",
                          0.0, 1.0, 0.0, ro));
  g_object_class_install_property(
      object_class, SINK_PROP_IDLE_TIME,
      g_param_spec_uint64("idle-time", "Idle time",
                          "Nanoseconds since any encoding of the track was received; "
                          "GST_CLOCK_TIME_NONE before the first",
                          0, G_MAXUINT64, G_MAXUINT64, ro));
  g_object_class_install_property(
      object_class, SINK_PROP_STATS,
      g_param_spec_boxed(
          "stats", "Statistics",
          "The array `layers` with bitrate (bit/s of the last second), width, height "
          "and alive of each spatial layer of the track",
          GST_TYPE_STRUCTURE, ro));
}

static gboolean sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  auto* self = GST_SFU_ROUTER_SINK_PAD(pad);
  const std::shared_ptr<RouterTrack> track = sink_track(self);
  gboolean result = TRUE;
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event, &caps);
    result = track && track->handle_caps(static_cast<uint8_t>(self->layer), caps);
    if (!result) {
      GST_ELEMENT_ERROR(
          parent, STREAM, FORMAT,
          ("RTP caps need encoding-name and clock-rate; put a capsfilter with both in "
           "front of %s",
           GST_PAD_NAME(pad)),
          ("%" GST_PTR_FORMAT, caps));
    }
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
    if (track) track->handle_eos();
  } else if (const auto report = gstlk::sfu::parse_sender_report(event); report && track) {
    track->handle_sender_report(static_cast<uint8_t>(self->layer), report->ntp,
                                report->rtp_timestamp);
  }
  gst_event_unref(event);
  return result;
}

static GstFlowReturn sink_chain_list(GstPad* pad, GstObject*, GstBufferList* list) {
  auto owned = Ref<GstBufferList>::adopt(list);
  auto* self = GST_SFU_ROUTER_SINK_PAD(pad);
  const std::shared_ptr<RouterTrack> track = sink_track(self);
  if (track) track->handle_list(static_cast<uint8_t>(self->layer), std::move(owned));
  return GST_FLOW_OK;
}

static GstFlowReturn sink_chain(GstPad* pad, GstObject* parent, GstBuffer* buffer) {
  GstBufferList* list = gst_buffer_list_new_sized(1);
  gst_buffer_list_add(list, buffer);
  return sink_chain_list(pad, parent, list);
}

// --- the source pad ---

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
  SRC_PROP_MUTED,
  SRC_PROP_CURRENT_SPATIAL,
  SRC_PROP_CURRENT_TEMPORAL,
  SRC_PROP_TARGET_SPATIAL,
  SRC_PROP_SSRC,
};

static void src_rebind(GstSfuRouterSrcPad* pad) {
  const auto parent = Ref<GstObject>::adopt(gst_object_get_parent(GST_OBJECT(pad)));
  const auto peer = Ref<GstPad>::adopt(gst_pad_get_peer(GST_PAD(pad)));
  std::shared_ptr<RouterPort> port = *pad->port;
  if (!port) return;
  if (!parent || !peer) {
    port->detach();
    return;
  }
  GST_OBJECT_LOCK(pad);
  const std::string track = pad->track ? pad->track : "";
  GST_OBJECT_UNLOCK(pad);
  port->attach(GST_SFU_ROUTER(parent.get())->impl->track(track), peer.get());
}

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
  const std::shared_ptr<RouterPort> port = *self->port;
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
    case SRC_PROP_MUTED:
      if (port) port->set_muted(g_value_get_boolean(value));
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
  const std::shared_ptr<RouterPort> port = *self->port;
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
    case SRC_PROP_MUTED:
      g_value_set_boolean(value, port && port->muted());
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
      object_class, SRC_PROP_MUTED,
      g_param_spec_boolean("muted", "Muted",
                           "The publisher is silent: a subscriber behind an sfu-transport that has "
                           "got nothing yet gets silence or empty video packets for 5 seconds, so "
                           "that its client reports the track (default: false)",
                           FALSE, rw));
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

static gboolean src_event(GstPad* pad, GstObject*, GstEvent* event) {
  const std::shared_ptr<RouterPort> port = *GST_SFU_ROUTER_SRC_PAD(pad)->port;
  if (port) {
    if (gst_video_event_is_force_key_unit(event)) {
      port->handle_keyframe_request();
    } else if (const auto sequence = gstlk::sfu::parse_retransmission_request(event)) {
      port->handle_nack(*sequence);
    }
  }
  // One subscriber's wishes do not concern the others: nothing else goes upstream.
  gst_event_unref(event);
  return TRUE;
}

// --- the element ---

namespace {

gboolean live_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_LATENCY && GST_PAD_IS_SRC(pad)) {
    gst_query_set_latency(query, TRUE, 0, GST_CLOCK_TIME_NONE);
    return TRUE;
  }
  if (GST_QUERY_TYPE(query) == GST_QUERY_CAPS) {
    GstCaps* filter = nullptr;
    gst_query_parse_caps(query, &filter);
    GstCaps* caps = gst_pad_get_pad_template_caps(pad);
    if (filter) {
      GstCaps* narrowed = gst_caps_intersect_full(filter, caps, GST_CAPS_INTERSECT_FIRST);
      gst_caps_unref(caps);
      caps = narrowed;
    }
    gst_query_set_caps_result(query, caps);
    gst_caps_unref(caps);
    return TRUE;
  }
  if (GST_QUERY_TYPE(query) == GST_QUERY_ACCEPT_CAPS) {
    gst_query_set_accept_caps_result(query, TRUE);
    return TRUE;
  }
  return gst_pad_query_default(pad, parent, query);
}

std::string SfuRouter::pad_name(const gchar* name, const char* prefix, unsigned& next) {
  if (!name) return prefix + std::to_string(next++);
  unsigned index = 0;
  if (sscanf(name + strlen(prefix), "%u", &index) == 1) next = std::max(next, index + 1);
  return name;
}

GstPad* SfuRouter::request_sink(GstPadTemplate* pad_template, const gchar* name) {
  std::string pad_name_text;
  {
    MutexLock lock(mutex_);
    pad_name_text = pad_name(name, "sink_", next_sink_);
  }
  auto* pad = GST_PAD(g_object_new(GST_TYPE_SFU_ROUTER_SINK_PAD, "name", pad_name_text.c_str(),
                                   "direction", GST_PAD_SINK, "template", pad_template, nullptr));
  gst_pad_set_chain_function(pad, sink_chain);
  gst_pad_set_chain_list_function(pad, sink_chain_list);
  gst_pad_set_event_function(pad, sink_event);
  gst_pad_set_query_function(pad, live_query);
  gst_pad_set_active(pad, TRUE);
  gst_element_add_pad(element_, pad);
  sink_rebind(GST_SFU_ROUTER_SINK_PAD(pad), true);
  gst_child_proxy_child_added(GST_CHILD_PROXY(element_), G_OBJECT(pad), GST_PAD_NAME(pad));
  return pad;
}

void on_link_changed(GstPad* pad, GstPad*, gpointer) { src_rebind(GST_SFU_ROUTER_SRC_PAD(pad)); }

GstPad* SfuRouter::request_src(GstPadTemplate* pad_template, const gchar* name) {
  std::string pad_name_text;
  {
    MutexLock lock(mutex_);
    pad_name_text = pad_name(name, "src_", next_src_);
  }
  auto* pad = GST_PAD(g_object_new(GST_TYPE_SFU_ROUTER_SRC_PAD, "name", pad_name_text.c_str(),
                                   "direction", GST_PAD_SRC, "template", pad_template, nullptr));
  auto* src = GST_SFU_ROUTER_SRC_PAD(pad);
  *src->port = std::make_shared<RouterPort>(pad);
  (*src->port)->set_ssrc(src->ssrc);
  gst_pad_set_event_function(pad, src_event);
  gst_pad_set_query_function(pad, live_query);
  gst_pad_set_active(pad, TRUE);
  gchar* stream_id = g_strdup_printf("%08x/%s", g_random_int(), pad_name_text.c_str());
  gst_pad_push_event(pad, gst_event_new_stream_start(stream_id));
  g_free(stream_id);
  gst_element_add_pad(element_, pad);
  g_signal_connect(pad, "linked", G_CALLBACK(on_link_changed), nullptr);
  g_signal_connect(pad, "unlinked", G_CALLBACK(on_link_changed), nullptr);
  gst_child_proxy_child_added(GST_CHILD_PROXY(element_), G_OBJECT(pad), GST_PAD_NAME(pad));
  return pad;
}

void SfuRouter::release_pad(GstPad* pad) {
  gst_child_proxy_child_removed(GST_CHILD_PROXY(element_), G_OBJECT(pad), GST_PAD_NAME(pad));
  std::string track;
  if (GST_PAD_IS_SINK(pad)) {
    sink_rebind(GST_SFU_ROUTER_SINK_PAD(pad), false);
  } else {
    auto* src = GST_SFU_ROUTER_SRC_PAD(pad);
    g_signal_handlers_disconnect_by_func(pad, reinterpret_cast<gpointer>(on_link_changed), nullptr);
    if (*src->port) (*src->port)->detach();
    track = src->track ? src->track : "";
  }
  gst_pad_set_active(pad, FALSE);
  gst_element_remove_pad(element_, pad);
  drop_unused(track);
}

std::shared_ptr<RouterTrack> SfuRouter::track(const std::string& id) {
  MutexLock lock(mutex_);
  std::shared_ptr<RouterTrack>& track = tracks_[id];
  if (!track) track = std::make_shared<RouterTrack>(id);
  return track;
}

void SfuRouter::drop_unused(const std::string& id) {
  MutexLock lock(mutex_);
  const auto found = tracks_.find(id);
  // Pads and ports hold it as well.
  if (found != tracks_.end() && found->second.use_count() == 1 && !found->second->has_sinks()) {
    tracks_.erase(found);
  }
}

}  // namespace

static GObject* gst_sfu_router_get_child_by_index(GstChildProxy* proxy, guint index) {
  GST_OBJECT_LOCK(proxy);
  auto* pad = static_cast<GObject*>(g_list_nth_data(GST_ELEMENT_CAST(proxy)->pads, index));
  if (pad) g_object_ref(pad);
  GST_OBJECT_UNLOCK(proxy);
  return pad;
}

static guint gst_sfu_router_get_children_count(GstChildProxy* proxy) {
  GST_OBJECT_LOCK(proxy);
  const guint count = GST_ELEMENT_CAST(proxy)->numpads;
  GST_OBJECT_UNLOCK(proxy);
  return count;
}

static GObject* gst_sfu_router_get_child_by_name(GstChildProxy* proxy, const gchar* name) {
  return reinterpret_cast<GObject*>(gst_element_get_static_pad(GST_ELEMENT_CAST(proxy), name));
}

static void gst_sfu_router_child_proxy_init(gpointer interface, gpointer) {
  auto* proxy = static_cast<GstChildProxyInterface*>(interface);
  proxy->get_child_by_index = gst_sfu_router_get_child_by_index;
  proxy->get_child_by_name = gst_sfu_router_get_child_by_name;
  proxy->get_children_count = gst_sfu_router_get_children_count;
}

static void gst_sfu_router_init(GstSfuRouter* self) {
  self->impl = new SfuRouter(GST_ELEMENT(self));
}

static void gst_sfu_router_finalize(GObject* object) {
  delete GST_SFU_ROUTER(object)->impl;
  G_OBJECT_CLASS(gst_sfu_router_parent_class)->finalize(object);
}

static GstPad* gst_sfu_router_request_new_pad(GstElement* element, GstPadTemplate* pad_template,
                                              const gchar* name, const GstCaps*) {
  SfuRouter* impl = GST_SFU_ROUTER(element)->impl;
  return GST_PAD_TEMPLATE_DIRECTION(pad_template) == GST_PAD_SINK
             ? impl->request_sink(pad_template, name)
             : impl->request_src(pad_template, name);
}

static void gst_sfu_router_release_pad(GstElement* element, GstPad* pad) {
  GST_SFU_ROUTER(element)->impl->release_pad(pad);
}

static void gst_sfu_router_class_init(GstSfuRouterClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  GST_DEBUG_CATEGORY_INIT(gst_sfu_router_debug, "sfurouter", 0, "Selective forwarding unit");
  object_class->finalize = gst_sfu_router_finalize;
  element_class->request_new_pad = gst_sfu_router_request_new_pad;
  element_class->release_pad = gst_sfu_router_release_pad;
  gst_element_class_add_static_pad_template_with_gtype(element_class, &sink_template,
                                                       GST_TYPE_SFU_ROUTER_SINK_PAD);
  gst_element_class_add_static_pad_template_with_gtype(element_class, &src_template,
                                                       GST_TYPE_SFU_ROUTER_SRC_PAD);
  gst_element_class_set_static_metadata(
      element_class, "Selective forwarding unit", "Filter/Network/RTP",
      "Forwards RTP encodings to subscribers, choosing a layer for each",
      "The gst-livekit authors");
}
