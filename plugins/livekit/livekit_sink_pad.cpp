// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/livekit_sink_pad.h"

#include <utility>

using gstlk::client::TrackSettings;

struct PadState {
  TrackSettings settings;
  std::string track;
  bool muted = false;
};

struct _GstLiveKitSinkPad {
  GstGhostPad parent;
  PadState* state;  // under the object's lock
};

G_DEFINE_FINAL_TYPE(GstLiveKitSinkPad, gst_livekit_sink_pad, GST_TYPE_GHOST_PAD)

enum {
  PROP_0,
  PROP_TRACK,
  PROP_TRACK_NAME,
  PROP_SOURCE,
  PROP_MUTED,
  PROP_SIMULCAST,
  PROP_CODEC,
  PROP_MIN_BITRATE,
  PROP_MAX_BITRATE,
  PROP_DTX,
};

#define GST_TYPE_LIVEKIT_TRACK_SOURCE (gst_livekit_track_source_get_type())
static GType gst_livekit_track_source_get_type() {
  static const GEnumValue values[] = {
      {::livekit::UNKNOWN, "Unknown; a camera or a microphone by the pad's kind", "unknown"},
      {::livekit::CAMERA, "Camera", "camera"},
      {::livekit::MICROPHONE, "Microphone", "microphone"},
      {::livekit::SCREEN_SHARE, "Shared screen", "screen_share"},
      {::livekit::SCREEN_SHARE_AUDIO, "Sound of a shared screen", "screen_share_audio"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstLiveKitTrackSource", values);
  return type;
}

static void gst_livekit_sink_pad_set_property(GObject* object, guint id, const GValue* value,
                                              GParamSpec* spec) {
  auto* self = GST_LIVEKIT_SINK_PAD(object);
  GST_OBJECT_LOCK(self);
  TrackSettings& settings = self->state->settings;
  const auto text = [value] {
    const char* string = g_value_get_string(value);
    return std::string(string ? string : "");
  };
  switch (id) {
    case PROP_TRACK:
      self->state->track = text();
      break;
    case PROP_TRACK_NAME:
      settings.name = text();
      break;
    case PROP_SOURCE:
      settings.source = static_cast<::livekit::TrackSource>(g_value_get_enum(value));
      break;
    case PROP_MUTED:
      self->state->muted = g_value_get_boolean(value);
      break;
    case PROP_SIMULCAST:
      settings.simulcast = g_value_get_boolean(value);
      break;
    case PROP_CODEC:
      settings.codec = text();
      break;
    case PROP_MIN_BITRATE:
      settings.min_bitrate.bps = g_value_get_uint(value);
      break;
    case PROP_MAX_BITRATE:
      settings.max_bitrate.bps = g_value_get_uint(value);
      break;
    case PROP_DTX:
      settings.dtx = g_value_get_boolean(value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
  GST_OBJECT_UNLOCK(self);
}

static void gst_livekit_sink_pad_get_property(GObject* object, guint id, GValue* value,
                                              GParamSpec* spec) {
  auto* self = GST_LIVEKIT_SINK_PAD(object);
  GST_OBJECT_LOCK(self);
  const TrackSettings& settings = self->state->settings;
  switch (id) {
    case PROP_TRACK:
      g_value_set_string(value, self->state->track.c_str());
      break;
    case PROP_TRACK_NAME:
      g_value_set_string(value, settings.name.c_str());
      break;
    case PROP_SOURCE:
      g_value_set_enum(value, settings.source);
      break;
    case PROP_MUTED:
      g_value_set_boolean(value, self->state->muted);
      break;
    case PROP_SIMULCAST:
      g_value_set_boolean(value, settings.simulcast);
      break;
    case PROP_CODEC:
      g_value_set_string(value, settings.codec.c_str());
      break;
    case PROP_MIN_BITRATE:
      g_value_set_uint(value, static_cast<guint>(settings.min_bitrate.bps));
      break;
    case PROP_MAX_BITRATE:
      g_value_set_uint(value, static_cast<guint>(settings.max_bitrate.bps));
      break;
    case PROP_DTX:
      g_value_set_boolean(value, settings.dtx);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
  GST_OBJECT_UNLOCK(self);
}

static void gst_livekit_sink_pad_finalize(GObject* object) {
  delete GST_LIVEKIT_SINK_PAD(object)->state;
  G_OBJECT_CLASS(gst_livekit_sink_pad_parent_class)->finalize(object);
}

static void gst_livekit_sink_pad_init(GstLiveKitSinkPad* self) { self->state = new PadState(); }

static void gst_livekit_sink_pad_class_init(GstLiveKitSinkPadClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = gst_livekit_sink_pad_set_property;
  object_class->get_property = gst_livekit_sink_pad_get_property;
  object_class->finalize = gst_livekit_sink_pad_finalize;
  constexpr auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  const auto install = [object_class](guint id, GParamSpec* spec) {
    g_object_class_install_property(object_class, id, spec);
  };
  install(PROP_TRACK,
          g_param_spec_string("track", "Track",
                              "Pads with the same, non-empty value carry the encodings of one "
                              "track: up to three of encoded video, by their sizes. Set before "
                              "media arrives; the other properties are those of the pad that had "
                              "it first",
                              nullptr, flags));
  install(PROP_TRACK_NAME,
          g_param_spec_string("track-name", "Track name", "Name of the track that others see",
                              nullptr, flags));
  install(PROP_SOURCE,
          g_param_spec_enum("source", "Source",
                            "What the track shows; unknown becomes camera or microphone",
                            GST_TYPE_LIVEKIT_TRACK_SOURCE, ::livekit::UNKNOWN, flags));
  install(PROP_MUTED,
          g_param_spec_boolean("muted", "Muted",
                               "The track is muted: nothing of it is encoded or sent. The server "
                               "may change it",
                               FALSE, flags));
  install(
      PROP_SIMULCAST,
      g_param_spec_boolean("simulcast", "Simulcast",
                           "Encode raw video in up to three sizes, as fits its own", TRUE, flags));
  install(PROP_CODEC,
          g_param_spec_string("codec", "Codec",
                              "Codec for raw video: h264, h265, vp8 or vp9; empty: h264 where an "
                              "encoder is installed, else vp8",
                              nullptr, flags));
  install(PROP_MIN_BITRATE,
          g_param_spec_uint("min-bitrate", "Least bitrate",
                            "Bits per second that each encoding of raw video has at least; where "
                            "the network has no room for that, the highest encodings are left "
                            "out; 0: a quarter of its greatest",
                            0, G_MAXUINT, 0, flags));
  install(PROP_MAX_BITRATE,
          g_param_spec_uint("max-bitrate", "Greatest bitrate",
                            "Bits per second of the largest encoding of raw video, or of raw "
                            "audio; 0: as fits",
                            0, G_MAXUINT, 0, flags));
  install(PROP_DTX,
          g_param_spec_boolean("dtx", "DTX", "Send next to nothing while raw audio is silent",
                               FALSE, flags));
}

namespace gstlk::client {

TrackSettings sink_pad_settings(GstLiveKitSinkPad* pad) {
  GST_OBJECT_LOCK(pad);
  TrackSettings settings = pad->state->settings;
  GST_OBJECT_UNLOCK(pad);
  return settings;
}

std::string sink_pad_track(GstLiveKitSinkPad* pad) {
  GST_OBJECT_LOCK(pad);
  std::string track = pad->state->track;
  GST_OBJECT_UNLOCK(pad);
  return track;
}

bool sink_pad_muted(GstLiveKitSinkPad* pad) {
  GST_OBJECT_LOCK(pad);
  const bool muted = pad->state->muted;
  GST_OBJECT_UNLOCK(pad);
  return muted;
}

void sink_pad_set_muted(GstLiveKitSinkPad* pad, bool muted) {
  GST_OBJECT_LOCK(pad);
  const bool changed = std::exchange(pad->state->muted, muted) != muted;
  GST_OBJECT_UNLOCK(pad);
  if (changed) g_object_notify(G_OBJECT(pad), "muted");
}

}  // namespace gstlk::client
