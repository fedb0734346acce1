// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-livekitsrc
 * @title: livekitsrc
 *
 * Joins a LiveKit room and receives its tracks, one source pad for each: encoded as they come, raw
 * where downstream takes nothing else, or RTP when `output` says so. A pad stays while its track
 * does, over lost connections of either side; when the track is gone its pad ends with EOS and is
 * removed, and the others go on.
 *
 * |[
 * gst-launch-1.0 livekitsrc name=r ws-url=ws://127.0.0.1:7880 api-key=devkey secret-key=secret \
 *     room-name=room identity=viewer participants=kiosk \
 *   r.video_0 ! queue ! videoconvert ! autovideosink \
 *   r.audio_0 ! queue ! audioconvert ! autoaudiosink
 * ]|
 *
 * Since: 0.1
 */

#include "plugins/livekit/gstlivekitsrc.h"

#include <string>
#include <vector>

#include "base/ref.h"
#include "plugins/livekit/client_properties.h"
#include "plugins/livekit/remote_tracks.h"
#include "plugins/livekit/track_selection.h"

GST_DEBUG_CATEGORY_STATIC(livekit_src_debug);
#define GST_CAT_DEFAULT livekit_src_debug

using gstlk::Ref;
using namespace gstlk::client;
using namespace std::chrono_literals;

#define VIDEO_CAPS                                                                   \
  "video/x-h264; video/x-h265; video/x-vp8; video/x-vp9; video/x-av1; video/x-raw; " \
  "application/x-rtp, media=(string)video"
#define AUDIO_CAPS "audio/x-opus; audio/x-raw; application/x-rtp, media=(string)audio"

static GstStaticPadTemplate video_template = GST_STATIC_PAD_TEMPLATE(
    "video_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS(VIDEO_CAPS));
static GstStaticPadTemplate audio_template = GST_STATIC_PAD_TEMPLATE(
    "audio_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS(AUDIO_CAPS));

namespace {

// The user's wishes, beside the room.
struct SourceSettings {
  ConnectionSettings connection;
  TrackSelection selection;
  OutputForm form = OutputForm::Auto;
  guint latency = 200;
  guint width = 0;
  guint height = 0;
  guint hold = 10;
};

// What the element does: chooses tracks, and gives each output a pad.
class Source : public RemoteTracksOwner {
 public:
  explicit Source(GstElement* element) : tracks(element, *this), element_(element) {}

  SourceSettings settings;  // under the element's object lock
  RemoteTracks tracks;

  bool join();

 private:
  bool wants(const ::livekit::ParticipantInfo& who, const ::livekit::TrackInfo& track) override {
    return selection_.wants(who, track);
  }
  void on_output_added(RemoteOutput& output) override;
  void on_output_removed(RemoteOutput& output) override;
  SourceSettings copy_settings();

  GstElement* const element_;
  TrackSelection selection_;  // of this membership
};

}  // namespace

struct _GstLiveKitSrc {
  GstBin parent;
  Source* impl;
};

G_DEFINE_FINAL_TYPE(GstLiveKitSrc, gst_livekit_src, GST_TYPE_BIN)

enum {
  PROP_0,
  PROP_PARTICIPANTS,
  PROP_TRACKS,
  PROP_SOURCES,
  PROP_AUDIO,
  PROP_VIDEO,
  PROP_OUTPUT,
  PROP_LATENCY,
  PROP_PREFERRED_WIDTH,
  PROP_PREFERRED_HEIGHT,
  PROP_HOLD,
  PROP_FIRST_OF_CLIENT,
};

namespace {

SourceSettings Source::copy_settings() {
  GST_OBJECT_LOCK(element_);
  const SourceSettings copy = settings;
  GST_OBJECT_UNLOCK(element_);
  return copy;
}

bool Source::join() {
  const SourceSettings wanted = copy_settings();
  selection_ = wanted.selection;
  return tracks.join(wanted.connection, {.form = wanted.form,
                                         .latency = wanted.latency,
                                         .hold = std::chrono::seconds(wanted.hold),
                                         .size = {wanted.width, wanted.height}});
}

void Source::on_output_added(RemoteOutput& output) {
  const bool video = output.track().kind == MediaKind::Video;
  GstPad* pad = gst_ghost_pad_new_from_template(
      output.name().c_str(), output.pad(),
      gst_element_get_pad_template(element_, video ? "video_%u" : "audio_%u"));
  gst_pad_set_active(pad, TRUE);
  gst_element_add_pad(element_, pad);
}

void Source::on_output_removed(RemoteOutput& output) {
  const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(element_, output.name().c_str()));
  if (!pad) return;
  gst_pad_set_active(pad.get(), FALSE);
  gst_element_remove_pad(element_, pad.get());
}

}  // namespace

static GstStateChangeReturn gst_livekit_src_change_state(GstElement* element,
                                                         GstStateChange change) {
  auto* self = GST_LIVEKIT_SRC(element);
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED && !self->impl->join())
    return GST_STATE_CHANGE_FAILURE;
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_livekit_src_parent_class)->change_state(element, change);
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY) self->impl->tracks.leave();
  if (result == GST_STATE_CHANGE_FAILURE) return result;
  // Live: there is nothing while it does not play.
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED || change == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    return GST_STATE_CHANGE_NO_PREROLL;
  return result;
}

// EOS from the application, as "gst-launch-1.0 -e" sends it to end a recording well.
static gboolean gst_livekit_src_send_event(GstElement* element, GstEvent* event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_EOS)
    return GST_ELEMENT_CLASS(gst_livekit_src_parent_class)->send_event(element, event);
  gst_event_unref(event);
  GST_LIVEKIT_SRC(element)->impl->tracks.send_eos();
  return TRUE;
}

#define GST_TYPE_LIVEKIT_OUTPUT (gst_livekit_output_get_type())
static GType gst_livekit_output_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(OutputForm::Auto), "Encoded, or raw where nothing else is taken", "auto"},
      {static_cast<int>(OutputForm::Encoded), "Encoded", "encoded"},
      {static_cast<int>(OutputForm::Raw), "Raw", "raw"},
      {static_cast<int>(OutputForm::Rtp), "RTP", "rtp"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstLiveKitOutput", values);
  return type;
}

static std::vector<std::string>* gst_livekit_src_list(SourceSettings& settings, guint id) {
  switch (id) {
    case PROP_PARTICIPANTS:
      return &settings.selection.participants;
    case PROP_TRACKS:
      return &settings.selection.tracks;
    case PROP_SOURCES:
      return &settings.selection.sources;
    default:
      return nullptr;
  }
}

static guint* gst_livekit_src_number(SourceSettings& settings, guint id) {
  switch (id) {
    case PROP_LATENCY:
      return &settings.latency;
    case PROP_PREFERRED_WIDTH:
      return &settings.width;
    case PROP_PREFERRED_HEIGHT:
      return &settings.height;
    case PROP_HOLD:
      return &settings.hold;
    default:
      return nullptr;
  }
}

static void gst_livekit_src_set_property(GObject* object, guint id, const GValue* value,
                                         GParamSpec* spec) {
  auto* self = GST_LIVEKIT_SRC(object);
  GST_OBJECT_LOCK(self);
  SourceSettings& settings = self->impl->settings;
  bool known = true;
  if (auto* list = gst_livekit_src_list(settings, id)) {
    const char* text = g_value_get_string(value);
    *list = split_list(text ? text : "");
  } else if (auto* number = gst_livekit_src_number(settings, id)) {
    *number = g_value_get_uint(value);
  } else if (id == PROP_AUDIO) {
    settings.selection.audio = g_value_get_boolean(value);
  } else if (id == PROP_VIDEO) {
    settings.selection.video = g_value_get_boolean(value);
  } else if (id == PROP_OUTPUT) {
    settings.form = static_cast<OutputForm>(g_value_get_enum(value));
  } else {
    known = set_client_property(settings.connection, PROP_FIRST_OF_CLIENT, id, value);
  }
  GST_OBJECT_UNLOCK(self);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_livekit_src_get_property(GObject* object, guint id, GValue* value,
                                         GParamSpec* spec) {
  auto* self = GST_LIVEKIT_SRC(object);
  GST_OBJECT_LOCK(self);
  SourceSettings& settings = self->impl->settings;
  bool known = true;
  if (auto* list = gst_livekit_src_list(settings, id)) {
    g_value_set_string(value, list->empty() ? nullptr : join_list(*list).c_str());
  } else if (auto* number = gst_livekit_src_number(settings, id)) {
    g_value_set_uint(value, *number);
  } else if (id == PROP_AUDIO) {
    g_value_set_boolean(value, settings.selection.audio);
  } else if (id == PROP_VIDEO) {
    g_value_set_boolean(value, settings.selection.video);
  } else if (id == PROP_OUTPUT) {
    g_value_set_enum(value, static_cast<int>(settings.form));
  } else {
    known = get_client_property(settings.connection, PROP_FIRST_OF_CLIENT, id, value);
  }
  GST_OBJECT_UNLOCK(self);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_livekit_src_finalize(GObject* object) {
  delete GST_LIVEKIT_SRC(object)->impl;
  G_OBJECT_CLASS(gst_livekit_src_parent_class)->finalize(object);
}

static void gst_livekit_src_init(GstLiveKitSrc* self) {
  self->impl = new Source(GST_ELEMENT(self));
  gst_bin_set_suppressed_flags(
      GST_BIN(self), static_cast<GstElementFlags>(GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK));
  GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
}

static void gst_livekit_src_install_properties(GObjectClass* object_class) {
  constexpr auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                  GST_PARAM_MUTABLE_READY);
  const auto install = [object_class](guint id, GParamSpec* spec) {
    g_object_class_install_property(object_class, id, spec);
  };
  install(PROP_PARTICIPANTS,
          g_param_spec_string("participants", "Participants",
                              "Identities whose tracks are received, as globs with commas "
                              "between; empty: everybody's",
                              nullptr, flags));
  install(PROP_TRACKS,
          g_param_spec_string("tracks", "Tracks", "Names of the tracks that are received, likewise",
                              nullptr, flags));
  install(PROP_SOURCES,
          g_param_spec_string("sources", "Sources",
                              "Sources that are received, likewise: camera, microphone, "
                              "screen_share, screen_share_audio, unknown",
                              nullptr, flags));
  install(PROP_AUDIO, g_param_spec_boolean("audio", "Audio", "Audio is received", TRUE, flags));
  install(PROP_VIDEO, g_param_spec_boolean("video", "Video", "Video is received", TRUE, flags));
  install(PROP_OUTPUT, g_param_spec_enum("output", "Output", "What the pads give",
                                         GST_TYPE_LIVEKIT_OUTPUT, 0, flags));
  install(PROP_LATENCY,
          g_param_spec_uint("latency", "Latency",
                            "Milliseconds that packets may be late or have to be repeated in", 0,
                            60000, 200, flags));
  install(PROP_PREFERRED_WIDTH,
          g_param_spec_uint("preferred-width", "Preferred width",
                            "Pixels at which video is going to be shown: the server sends the "
                            "layer that fits; 0: the largest",
                            0, G_MAXINT, 0, flags));
  install(PROP_PREFERRED_HEIGHT, g_param_spec_uint("preferred-height", "Preferred height",
                                                   "Likewise", 0, G_MAXINT, 0, flags));
  install(PROP_HOLD,
          g_param_spec_uint("hold", "Hold",
                            "Seconds that a pad waits for a track whose publisher went away to "
                            "come back, before it ends",
                            0, G_MAXINT, 10, flags));
  install_client_properties(object_class, PROP_FIRST_OF_CLIENT);
}

static void gst_livekit_src_class_init(GstLiveKitSrcClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  GST_DEBUG_CATEGORY_INIT(livekit_src_debug, "livekitsrc", 0, "LiveKit source");
  object_class->set_property = gst_livekit_src_set_property;
  object_class->get_property = gst_livekit_src_get_property;
  object_class->finalize = gst_livekit_src_finalize;
  element_class->change_state = gst_livekit_src_change_state;
  element_class->send_event = gst_livekit_src_send_event;
  gst_livekit_src_install_properties(object_class);
  gst_element_class_add_static_pad_template(element_class, &video_template);
  gst_element_class_add_static_pad_template(element_class, &audio_template);
  gst_element_class_set_static_metadata(element_class, "LiveKit source", "Source/Network/WebRTC",
                                        "Receives the media of a LiveKit room", "gst-livekit");
}
