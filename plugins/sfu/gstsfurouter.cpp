// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-sfu-router
 * @title: sfu-router
 *
 * A selective forwarding unit: RTP encodings of tracks come in, each subscriber's choice of them
 * goes out as one unbroken stream. Nothing is decoded. A sink pad is one encoding of the track that
 * its property `track` names (simulcast: one pad for each, `layer` counting up from the lowest); a
 * source pad is one subscription to the track that its property names. Layers are switched on
 * keyframes, which are asked for by GstForceKeyUnit events upstream; the custom event
 * "sfu-keyframe" says upstream that one has begun to come. GstRTPRetransmissionRequest events from
 * downstream are answered out of a cache. There is no jitter buffer and no waiting.
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

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/mutex.h"
#include "plugins/sfu/gstsfuroutersinkpad.h"
#include "plugins/sfu/gstsfuroutersrcpad.h"
#include "plugins/sfu/track_registry.h"

GST_DEBUG_CATEGORY(gst_sfu_router_debug);
#define GST_CAT_DEFAULT gst_sfu_router_debug

using gstlk::Mutex;
using gstlk::MutexLock;
using gstlk::rtp::AudioLevelSettings;
using gstlk::sfu::TrackRegistry;
using namespace std::chrono_literals;

enum {
  PROP_0,
  PROP_AUDIO_ACTIVE_LEVEL,
  PROP_AUDIO_MIN_PERCENTILE,
  PROP_AUDIO_UPDATE_INTERVAL,
  PROP_AUDIO_SMOOTH_INTERVALS,
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS("application/x-rtp"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src_%u", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS("application/x-rtp"));

namespace {

// Makes and removes the pads, which do the rest. Thread-safe.
// Order of locks: mutex_ alone, for names.
class SfuRouter {
 public:
  explicit SfuRouter(GstElement* element) : element_(element) {}

  GstPad* request_sink(GstPadTemplate* pad_template, const gchar* name);
  GstPad* request_src(GstPadTemplate* pad_template, const gchar* name);
  void release_pad(GstPad* pad);

  TrackRegistry& tracks() { return tracks_; }

 private:
  std::string pad_name(const gchar* name, const char* prefix, unsigned& next) REQUIRES(mutex_);

  GstElement* const element_;
  TrackRegistry tracks_;
  Mutex mutex_;
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
  GstPad* pad = gst_sfu_router_sink_pad_new(pad_template, pad_name_text.c_str());
  gst_pad_set_query_function(pad, live_query);
  gst_pad_set_active(pad, TRUE);
  gst_element_add_pad(element_, pad);
  gst_sfu_router_sink_pad_enter(GST_SFU_ROUTER_SINK_PAD(pad));
  gst_child_proxy_child_added(GST_CHILD_PROXY(element_), G_OBJECT(pad), GST_PAD_NAME(pad));
  return pad;
}

GstPad* SfuRouter::request_src(GstPadTemplate* pad_template, const gchar* name) {
  std::string pad_name_text;
  {
    MutexLock lock(mutex_);
    pad_name_text = pad_name(name, "src_", next_src_);
  }
  GstPad* pad = gst_sfu_router_src_pad_new(pad_template, pad_name_text.c_str());
  gst_pad_set_query_function(pad, live_query);
  gst_pad_set_active(pad, TRUE);
  gchar* stream_id = g_strdup_printf("%08x/%s", g_random_int(), pad_name_text.c_str());
  gst_pad_push_event(pad, gst_event_new_stream_start(stream_id));
  g_free(stream_id);
  gst_element_add_pad(element_, pad);
  gst_child_proxy_child_added(GST_CHILD_PROXY(element_), G_OBJECT(pad), GST_PAD_NAME(pad));
  return pad;
}

void SfuRouter::release_pad(GstPad* pad) {
  gst_child_proxy_child_removed(GST_CHILD_PROXY(element_), G_OBJECT(pad), GST_PAD_NAME(pad));
  // A packet that is on its way through it comes first.
  gst_pad_set_active(pad, FALSE);
  if (GST_PAD_IS_SINK(pad)) {
    gst_sfu_router_sink_pad_leave(GST_SFU_ROUTER_SINK_PAD(pad));
  } else {
    gst_sfu_router_src_pad_leave(GST_SFU_ROUTER_SRC_PAD(pad));
  }
  gst_element_remove_pad(element_, pad);
}

}  // namespace

TrackRegistry& gst_sfu_router_get_tracks(GstSfuRouter* self) { return self->impl->tracks(); }

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

static void gst_sfu_router_set_property(GObject* object, guint id, const GValue* value,
                                        GParamSpec* pspec) {
  TrackRegistry& tracks = GST_SFU_ROUTER(object)->impl->tracks();
  AudioLevelSettings settings = tracks.audio_level_settings();
  switch (id) {
    case PROP_AUDIO_ACTIVE_LEVEL:
      settings.active_level = static_cast<uint8_t>(g_value_get_uint(value));
      break;
    case PROP_AUDIO_MIN_PERCENTILE:
      settings.min_percentile = static_cast<uint8_t>(g_value_get_uint(value));
      break;
    case PROP_AUDIO_UPDATE_INTERVAL:
      settings.update_interval = std::chrono::milliseconds(g_value_get_uint(value));
      break;
    case PROP_AUDIO_SMOOTH_INTERVALS:
      settings.smooth_intervals = static_cast<uint8_t>(g_value_get_uint(value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
      return;
  }
  tracks.set_audio_level_settings(settings);
}

static void gst_sfu_router_get_property(GObject* object, guint id, GValue* value,
                                        GParamSpec* pspec) {
  const AudioLevelSettings settings = GST_SFU_ROUTER(object)->impl->tracks().audio_level_settings();
  switch (id) {
    case PROP_AUDIO_ACTIVE_LEVEL:
      g_value_set_uint(value, settings.active_level);
      break;
    case PROP_AUDIO_MIN_PERCENTILE:
      g_value_set_uint(value, settings.min_percentile);
      break;
    case PROP_AUDIO_UPDATE_INTERVAL:
      g_value_set_uint(value, static_cast<guint>(settings.update_interval / 1ms));
      break;
    case PROP_AUDIO_SMOOTH_INTERVALS:
      g_value_set_uint(value, settings.smooth_intervals);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
  }
}

static void gst_sfu_router_install_properties(GObjectClass* object_class) {
  const auto rw = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                           GST_PARAM_MUTABLE_PLAYING);
  const AudioLevelSettings defaults;
  g_object_class_install_property(
      object_class, PROP_AUDIO_ACTIVE_LEVEL,
      g_param_spec_uint("audio-active-level", "Active audio level",
                        "RFC 6464 level, in -dBov, from which on a packet counts as speech; a "
                        "change is for tracks that come later, as with all audio- properties "
                        "(default: 35)",
                        0, 127, defaults.active_level, rw));
  g_object_class_install_property(
      object_class, PROP_AUDIO_MIN_PERCENTILE,
      g_param_spec_uint("audio-min-percentile", "Least active share",
                        "Percentage of an interval that has to be speech, or its level is 0 "
                        "(default: 40)",
                        0, 100, defaults.min_percentile, rw));
  g_object_class_install_property(
      object_class, PROP_AUDIO_UPDATE_INTERVAL,
      g_param_spec_uint("audio-update-interval", "Level interval",
                        "Time over which a level is measured, in milliseconds (default: 400)", 1,
                        60000, static_cast<guint>(defaults.update_interval / 1ms), rw));
  g_object_class_install_property(
      object_class, PROP_AUDIO_SMOOTH_INTERVALS,
      g_param_spec_uint("audio-smooth-intervals", "Smoothed intervals",
                        "Intervals over which levels are smoothed; 0: not at all (default: 2)", 0,
                        255, defaults.smooth_intervals, rw));
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
  object_class->set_property = gst_sfu_router_set_property;
  object_class->get_property = gst_sfu_router_get_property;
  gst_sfu_router_install_properties(object_class);
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
