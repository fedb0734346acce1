// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-livekitsrc
 * @title: livekitsrc
 *
 * Joins a LiveKit room and receives its tracks, one source pad for each: encoded as they come, raw
 * where downstream takes nothing else, or RTP when `output` says so. A pad stays while its track
 * does, over lost connections of either side; when the track is gone its pad ends with EOS and is
 * removed, and the others go on. Where media does not come (muted, a lost connection) gap events
 * do, so that a muxer or a mixer goes on. Data packets come out of a pad for each topic, each
 * buffer with a GstCustomMeta "GstLiveKitDataMeta" (identity, topic, reliable).
 *
 * Of a track that is end-to-end encrypted there is a warning. Encoded or as RTP it comes out as it
 * is, for who has the keys; nothing comes out where raw media is asked for.
 *
 * The element message "livekit-subscription" tells of a track that the server does not send: event
 * ("subscription-failed"), sid, reason ("codec_unsupported", "track_notfound", "unknown"), and
 * where the track is known identity and name.
 *
 * |[
 * gst-launch-1.0 livekitsrc name=r ws-url=ws://127.0.0.1:7880 api-key=devkey secret-key=secret \
 *     room-name=room identity=viewer participants=kiosk \
 *   r.video_0 ! queue ! videoconvert ! autovideosink \
 *   r.audio_0 ! queue ! audioconvert ! autoaudiosink
 * ]|
 *
 * A URI does as well, with the properties that it has no part for set on the element `source`:
 * |[
 * gst-launch-1.0 playbin uri="livekit://127.0.0.1:7880/room?key=devkey&secret=secret"
 * ]|
 *
 * Since: 0.1
 */

#include "plugins/livekit/gstlivekitsrc.h"

#include <string>
#include <vector>

#include "plugins/livekit/client_properties.h"
#include "plugins/livekit/peer_connection.h"
#include "plugins/livekit/selection_properties.h"
#include "plugins/livekit/source_room.h"

GST_DEBUG_CATEGORY(livekit_src_debug);
#define GST_CAT_DEFAULT livekit_src_debug

using namespace gstlk::client;

#define VIDEO_CAPS                                                                   \
  "video/x-h264; video/x-h265; video/x-vp8; video/x-vp9; video/x-av1; video/x-raw; " \
  "application/x-rtp, media=(string)video"
#define DATA_CAPS "application/octet-stream"
#define AUDIO_CAPS "audio/x-opus; audio/x-raw; application/x-rtp, media=(string)audio"

static GstStaticPadTemplate video_template = GST_STATIC_PAD_TEMPLATE(
    "video_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS(VIDEO_CAPS));
static GstStaticPadTemplate audio_template = GST_STATIC_PAD_TEMPLATE(
    "audio_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS(AUDIO_CAPS));
static GstStaticPadTemplate data_template =
    GST_STATIC_PAD_TEMPLATE("data_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS(DATA_CAPS));

struct _GstLiveKitSrc {
  GstBin parent;
  SourceRoom* impl;
};

static void gst_livekit_src_uri_handler_init(gpointer interface, gpointer);
G_DEFINE_FINAL_TYPE_WITH_CODE(GstLiveKitSrc, gst_livekit_src, GST_TYPE_BIN,
                              G_IMPLEMENT_INTERFACE(GST_TYPE_URI_HANDLER,
                                                    gst_livekit_src_uri_handler_init))

enum {
  PROP_0,
  PROP_FIRST_OF_SELECTION,
  PROP_OUTPUT = PROP_FIRST_OF_SELECTION + kSelectionProperties,
  PROP_LATENCY,
  PROP_PREFERRED_WIDTH,
  PROP_PREFERRED_HEIGHT,
  PROP_HOLD,
  PROP_TOPICS,
  PROP_STATS,
  PROP_FIRST_OF_CLIENT,
};
enum {
  SIGNAL_PUBLISH_DATA,
  SIGNAL_SET_SUBSCRIBED,
  SIGNAL_REQUEST_KEYFRAME,
  SIGNAL_DISCONNECT,
  SIGNAL_COUNT
};
static guint signals[SIGNAL_COUNT];

static GstStateChangeReturn gst_livekit_src_change_state(GstElement* element,
                                                         GstStateChange change) {
  auto* self = GST_LIVEKIT_SRC(element);
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED && !self->impl->join())
    return GST_STATE_CHANGE_FAILURE;
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_livekit_src_parent_class)->change_state(element, change);
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY ||
      (change == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE))
    self->impl->leave();
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
  GST_LIVEKIT_SRC(element)->impl->send_eos();
  return TRUE;
}

// What happens to a connection is the session's to mend.
static void gst_livekit_src_handle_message(GstBin* bin, GstMessage* message) {
  if (PeerConnection::take_error(message)) return gst_message_unref(message);
  GST_BIN_CLASS(gst_livekit_src_parent_class)->handle_message(bin, message);
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
  if (id == PROP_TOPICS) {
    const char* text = g_value_get_string(value);
    settings.topics = split_list(text ? text : "");
  } else if (auto* number = gst_livekit_src_number(settings, id)) {
    *number = g_value_get_uint(value);
  } else if (id == PROP_OUTPUT) {
    settings.form = static_cast<OutputForm>(g_value_get_enum(value));
  } else {
    known = set_selection_property(settings.selection, PROP_FIRST_OF_SELECTION, id, value) ||
            set_client_property(settings.connection, PROP_FIRST_OF_CLIENT, id, value);
  }
  GST_OBJECT_UNLOCK(self);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_livekit_src_get_property(GObject* object, guint id, GValue* value,
                                         GParamSpec* spec) {
  auto* self = GST_LIVEKIT_SRC(object);
  if (id == PROP_STATS) return g_value_take_boxed(value, self->impl->stats());
  GST_OBJECT_LOCK(self);
  SourceSettings& settings = self->impl->settings;
  bool known = true;
  if (id == PROP_TOPICS) {
    g_value_set_string(value,
                       settings.topics.empty() ? nullptr : join_list(settings.topics).c_str());
  } else if (auto* number = gst_livekit_src_number(settings, id)) {
    g_value_set_uint(value, *number);
  } else if (id == PROP_OUTPUT) {
    g_value_set_enum(value, static_cast<int>(settings.form));
  } else {
    known = get_selection_property(settings.selection, PROP_FIRST_OF_SELECTION, id, value) ||
            get_client_property(settings.connection, PROP_FIRST_OF_CLIENT, id, value);
  }
  GST_OBJECT_UNLOCK(self);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_livekit_src_finalize(GObject* object) {
  delete GST_LIVEKIT_SRC(object)->impl;
  G_OBJECT_CLASS(gst_livekit_src_parent_class)->finalize(object);
}

static void gst_livekit_src_init(GstLiveKitSrc* self) {
  self->impl = new SourceRoom(GST_ELEMENT(self));
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
  install_selection_properties(object_class, PROP_FIRST_OF_SELECTION);
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
                            "come back, before it ends; one that the server removed is not "
                            "waited for",
                            0, G_MAXINT, 10, flags));
  install(PROP_TOPICS,
          g_param_spec_string("topics", "Topics",
                              "Topics of the data packets that come out, as globs with commas "
                              "between; empty: all, 16 at most, or none where a URI is played",
                              nullptr, flags));
  install(
      PROP_STATS,
      g_param_spec_boxed(
          "stats", "Statistics",
          "For each pad of a track: identity, name, source, buffers, bytes and gaps that came "
          "out, buffers that were dropped since what is linked took nothing for seconds, and of "
          "RTP packets, lost, late, duplicates, retransmissions-requested, "
          "retransmissions-received, jitter (nanoseconds)",
          GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  install_client_properties(object_class, PROP_FIRST_OF_CLIENT);
}

static gboolean gst_livekit_src_publish_data(GstLiveKitSrc* self, GBytes* payload,
                                             const gchar* topic, gboolean reliable) {
  return self->impl->publish_data(payload, {.topic = topic ? topic : "", .reliable = !!reliable});
}

static gboolean gst_livekit_src_set_subscribed(GstLiveKitSrc* self, const gchar* track_sid,
                                               gboolean subscribed) {
  return track_sid && self->impl->set_subscribed(track_sid, subscribed);
}

static gboolean gst_livekit_src_request_keyframe(GstLiveKitSrc* self, const gchar* track_sid) {
  return track_sid && self->impl->request_keyframe(track_sid);
}

static void gst_livekit_src_disconnect(GstLiveKitSrc* self) { self->impl->disconnect(); }

static void gst_livekit_src_install_signals(GstLiveKitSrcClass* klass) {
  const auto install = [klass](const char* name, GCallback handler, GType result,
                               std::initializer_list<GType> parameters) {
    std::vector<GType> types(parameters);
    GClosure* closure = g_cclosure_new(handler, nullptr, nullptr);
    return g_signal_newv(name, G_TYPE_FROM_CLASS(klass),
                         static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION), closure,
                         nullptr, nullptr, nullptr, result, types.size(), types.data());
  };
  /**
   * GstLiveKitSrc::publish-data:
   * @payload: at most 64,000 bytes
   * @topic: (nullable): of the packet
   * @reliable: in order and repeated, or neither
   *
   * Returns: FALSE when the room is not connected, too much waits to be sent, or it is too large.
   * Where no livekitsink shares the session the first call makes the connection that this needs:
   * FALSE until it is there.
   */
  signals[SIGNAL_PUBLISH_DATA] =
      install("publish-data", G_CALLBACK(gst_livekit_src_publish_data), G_TYPE_BOOLEAN,
              {G_TYPE_BYTES, G_TYPE_STRING, G_TYPE_BOOLEAN});
  /**
   * GstLiveKitSrc::set-subscribed:
   * @track_sid: as the message livekit-track has it
   * @subscribed: whether it is received, whatever the properties select
   *
   * A track that is not received any more ends, and its pad goes, soon after this returns: a
   * thread that brings its media may emit this.
   *
   * Returns: FALSE when nobody else publishes such a track.
   */
  signals[SIGNAL_SET_SUBSCRIBED] =
      install("set-subscribed", G_CALLBACK(gst_livekit_src_set_subscribed), G_TYPE_BOOLEAN,
              {G_TYPE_STRING, G_TYPE_BOOLEAN});
  /**
   * GstLiveKitSrc::request-keyframe:
   * @track_sid: as the message livekit-track has it
   *
   * Returns: FALSE when no such video comes out.
   */
  signals[SIGNAL_REQUEST_KEYFRAME] =
      install("request-keyframe", G_CALLBACK(gst_livekit_src_request_keyframe), G_TYPE_BOOLEAN,
              {G_TYPE_STRING});
  /**
   * GstLiveKitSrc::disconnect:
   *
   * Ends all pads and leaves the room, soon after this returns: a thread that brings media may emit
   * this. To READY and back joins it again.
   */
  signals[SIGNAL_DISCONNECT] =
      install("disconnect", G_CALLBACK(gst_livekit_src_disconnect), G_TYPE_NONE, {});
}

static GstURIType gst_livekit_src_uri_type(GType) { return GST_URI_SRC; }

static const gchar* const* gst_livekit_src_uri_protocols(GType) {
  static const gchar* const protocols[] = {"livekit", "livekits", nullptr};
  return protocols;
}

static gchar* gst_livekit_src_get_uri(GstURIHandler* handler) {
  auto* self = GST_LIVEKIT_SRC(handler);
  GST_OBJECT_LOCK(self);
  const std::string uri = to_uri(self->impl->settings.connection);
  GST_OBJECT_UNLOCK(self);
  return g_strdup(uri.c_str());
}

static gboolean gst_livekit_src_set_uri(GstURIHandler* handler, const gchar* uri, GError** error) {
  auto* self = GST_LIVEKIT_SRC(handler);
  if (GST_STATE(self) > GST_STATE_READY) {
    g_set_error_literal(error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE,
                        "The room cannot be changed while it is joined: set the state to READY.");
    return FALSE;
  }
  GST_OBJECT_LOCK(self);
  ConnectionSettings settings = self->impl->settings.connection;
  const auto applied = apply_uri(uri, settings);
  if (applied) {
    self->impl->settings.connection = settings;
    self->impl->settings.of_uri = true;
  }
  GST_OBJECT_UNLOCK(self);
  if (applied) return TRUE;
  g_set_error_literal(error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI, applied.error().message.c_str());
  return FALSE;
}

static void gst_livekit_src_uri_handler_init(gpointer interface, gpointer) {
  auto* handler = static_cast<GstURIHandlerInterface*>(interface);
  handler->get_type = gst_livekit_src_uri_type;
  handler->get_protocols = gst_livekit_src_uri_protocols;
  handler->get_uri = gst_livekit_src_get_uri;
  handler->set_uri = gst_livekit_src_set_uri;
}

static void gst_livekit_src_class_init(GstLiveKitSrcClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  GST_DEBUG_CATEGORY_INIT(livekit_src_debug, "livekitsrc", 0, "LiveKit source");
  object_class->set_property = gst_livekit_src_set_property;
  object_class->get_property = gst_livekit_src_get_property;
  object_class->finalize = gst_livekit_src_finalize;
  element_class->change_state = gst_livekit_src_change_state;
  GST_BIN_CLASS(klass)->handle_message = gst_livekit_src_handle_message;
  element_class->send_event = gst_livekit_src_send_event;
  gst_livekit_src_install_properties(object_class);
  gst_livekit_src_install_signals(klass);
  gst_element_class_add_static_pad_template(element_class, &video_template);
  gst_element_class_add_static_pad_template(element_class, &audio_template);
  gst_element_class_add_static_pad_template(element_class, &data_template);
  gst_element_class_set_static_metadata(element_class, "LiveKit source", "Source/Network/WebRTC",
                                        "Receives the media of a LiveKit room", "gst-livekit");
}
