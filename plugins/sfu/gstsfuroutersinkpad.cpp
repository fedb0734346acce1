// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/gstsfuroutersinkpad.h"

#include <memory>
#include <string>

#include "base/ref.h"
#include "plugins/sfu/gstsfurouter.h"
#include "plugins/sfu/router_track.h"
#include "plugins/sfu/sfu_events.h"
#include "plugins/sfu/track_registry.h"
#include "plugins/sfu/worker.h"

using gstlk::Ref;
using gstlk::sfu::RouterTrack;
using gstlk::sfu::TrackRegistry;

struct _GstSfuRouterSinkPad {
  GstPad parent;
  gchar* track;
  guint layer;
  gboolean screen_share;
  GBytes* filler_trailer;
  std::shared_ptr<RouterTrack>* router_track;
};
G_DEFINE_FINAL_TYPE(GstSfuRouterSinkPad, gst_sfu_router_sink_pad, GST_TYPE_PAD)

enum {
  SINK_PROP_0,
  SINK_PROP_TRACK,
  SINK_PROP_LAYER,
  SINK_PROP_SCREEN_SHARE,
  SINK_PROP_FILLER_TRAILER,
  SINK_PROP_AUDIO_LEVEL,
  SINK_PROP_IDLE_TIME,
  SINK_PROP_STATS,
};

static TrackRegistry& tracks_of(GstObject* router) {
  return gst_sfu_router_get_tracks(GST_SFU_ROUTER(router));
}

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
  if (parent && enter) next = tracks_of(parent.get()).find_or_add(pad->track ? pad->track : "");
  GST_OBJECT_LOCK(pad);
  *pad->router_track = next;
  const guint layer = pad->layer;
  const bool screen_share = pad->screen_share;
  gsize trailer_size = 0;
  const auto* trailer =
      pad->filler_trailer
          ? static_cast<const uint8_t*>(g_bytes_get_data(pad->filler_trailer, &trailer_size))
          : nullptr;
  gstlk::Bytes filler_trailer(trailer, trailer + trailer_size);
  GST_OBJECT_UNLOCK(pad);
  if (next) {
    next->add_sink(GST_PAD(pad), static_cast<uint8_t>(layer));
    next->set_screen_share(screen_share);
    next->set_filler_trailer(std::move(filler_trailer));
    if (GstCaps* caps = gst_pad_get_current_caps(GST_PAD(pad))) {
      next->handle_caps(static_cast<uint8_t>(layer), caps);
      gst_caps_unref(caps);
    }
  }
}

void gst_sfu_router_sink_pad_enter(GstSfuRouterSinkPad* self) { sink_rebind(self, true); }

void gst_sfu_router_sink_pad_leave(GstSfuRouterSinkPad* self) { sink_rebind(self, false); }

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
  if (track && track->handle_list(static_cast<uint8_t>(self->layer), std::move(owned)))
    gst_pad_push_event(pad, gstlk::sfu::new_keyframe_notice());
  return GST_FLOW_OK;
}

static GstFlowReturn sink_chain(GstPad* pad, GstObject* parent, GstBuffer* buffer) {
  GstBufferList* list = gst_buffer_list_new_sized(1);
  gst_buffer_list_add(list, buffer);
  return sink_chain_list(pad, parent, list);
}

GstPad* gst_sfu_router_sink_pad_new(GstPadTemplate* pad_template, const gchar* name) {
  auto* pad = GST_PAD(g_object_new(GST_TYPE_SFU_ROUTER_SINK_PAD, "name", name, "direction",
                                   GST_PAD_SINK, "template", pad_template, nullptr));
  gst_pad_set_chain_function(pad, sink_chain);
  gst_pad_set_chain_list_function(pad, sink_chain_list);
  gst_pad_set_event_function(pad, sink_event);
  return pad;
}

// --- GObject ---

static void gst_sfu_router_sink_pad_init(GstSfuRouterSinkPad* self) {
  self->router_track = new std::shared_ptr<RouterTrack>;
}

static void gst_sfu_router_sink_pad_finalize(GObject* object) {
  auto* self = GST_SFU_ROUTER_SINK_PAD(object);
  g_free(self->track);
  g_clear_pointer(&self->filler_trailer, g_bytes_unref);
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
    case SINK_PROP_FILLER_TRAILER:
      g_clear_pointer(&self->filler_trailer, g_bytes_unref);
      self->filler_trailer = static_cast<GBytes*>(g_value_dup_boxed(value));
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
    case SINK_PROP_FILLER_TRAILER:
      g_value_set_boxed(value, self->filler_trailer);
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
      object_class, SINK_PROP_FILLER_TRAILER,
      g_param_spec_boxed("filler-trailer", "Filler trailer",
                         "What ends the silence that is sent to new subscribers of a silent track, "
                         "so that receivers of an encrypted one do not decrypt it: LiveKit's "
                         "sif_trailer (default: NULL, nothing)",
                         G_TYPE_BYTES, rw));
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
