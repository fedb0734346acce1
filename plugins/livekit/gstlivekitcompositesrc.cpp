// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-livekitcompositesrc
 * @title: livekitcompositesrc
 *
 * Joins a LiveKit room as a hidden recorder and composes everybody in it into one picture and one
 * sound. Both pads are there always and give raw media from the first moment at the pipeline's
 * pace: in front of the join, in an empty room, and while the server is away. Tiles follow who
 * comes and goes, mutes, speaks or shares a screen. Only what is shown is received and decoded, in
 * the size at which it is shown. Of a track that is end-to-end encrypted there is a warning; it is
 * not heard, and instead of the video there is the participant's initial.
 *
 * |[
 * gst-launch-1.0 -e livekitcompositesrc name=room ws-url=ws://127.0.0.1:7880 api-key=devkey \
 *     secret-key=secret room-name=room layout=speaker \
 *   room.video ! queue ! x264enc tune=zerolatency speed-preset=veryfast ! h264parse ! m. \
 *   room.audio ! queue ! audioconvert ! avenc_aac ! aacparse ! m. \
 *   mp4mux name=m fragment-duration=1000 ! filesink location=room.mp4
 * ]|
 *
 * Since: 0.1
 */

#include "plugins/livekit/gstlivekitcompositesrc.h"

#include <algorithm>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "base/ref.h"
#include "plugins/livekit/client_properties.h"
#include "plugins/livekit/composite_room.h"
#include "plugins/livekit/composite_stage.h"
#include "plugins/livekit/peer_connection.h"
#include "plugins/livekit/track_selection.h"

GST_DEBUG_CATEGORY_STATIC(livekit_composite_src_debug);
#define GST_CAT_DEFAULT livekit_composite_src_debug

using gstlk::Mutex;
using gstlk::MutexLock;
using gstlk::Ref;
using namespace gstlk::client;

static GstStaticPadTemplate video_template = GST_STATIC_PAD_TEMPLATE(
    "video", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw, format=(string)I420"));
static GstStaticPadTemplate audio_template = GST_STATIC_PAD_TEMPLATE(
    "audio", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("audio/x-raw, format=(string)S16LE, layout=(string)interleaved, "
                    "rate=(int)48000, channels=(int)2"));

namespace {

// How much longer the stage waits for media than the jitter buffer: for decoders.
constexpr auto kDecoding = std::chrono::milliseconds(100);

struct CompositeSettings {
  ConnectionSettings connection;
  CompositeWishes wishes;
  StageSettings stage;
  guint latency = 200;
  gint64 av_offset = 0;
};

class Composite {
 public:
  explicit Composite(GstElement* element) : element_(element) {}

  CompositeSettings settings;  // under the element's object lock

  // To PAUSED: the pads give media behind prepare() and start(). Both false after an error message.
  [[nodiscard]] bool prepare();
  [[nodiscard]] bool start();
  void play();
  void pause();
  // To READY.
  void finish();
  // Any thread, also while the others run. Neither waits for the room.
  void settings_changed() EXCLUDES(mutex_);
  void send_eos() EXCLUDES(mutex_);

 private:
  CompositeSettings copy_settings();
  void set_room(std::shared_ptr<CompositeRoom> room) EXCLUDES(mutex_);
  void set_stage(std::unique_ptr<CompositeStage> stage) EXCLUDES(mutex_);
  void set_target(const char* pad, const Ref<GstPad>& target);

  GstElement* const element_;
  // Set with mutex_ by the thread of the state change, which reads them without.
  Mutex mutex_;
  std::unique_ptr<CompositeStage> stage_;
  std::shared_ptr<CompositeRoom> room_;
};

}  // namespace

struct _GstLiveKitCompositeSrc {
  GstBin parent;
  Composite* impl;
};

G_DEFINE_FINAL_TYPE(GstLiveKitCompositeSrc, gst_livekit_composite_src, GST_TYPE_BIN)

enum {
  PROP_0,
  PROP_LAYOUT,
  PROP_WIDTH,
  PROP_HEIGHT,
  PROP_FRAMERATE,
  PROP_BACKGROUND,
  PROP_NAMES,
  PROP_INCLUDE,
  PROP_EXCLUDE,
  PROP_LATENCY,
  PROP_AV_OFFSET,
  PROP_FIRST_OF_CLIENT,
};

namespace {

CompositeSettings Composite::copy_settings() {
  GST_OBJECT_LOCK(element_);
  CompositeSettings copy = settings;
  GST_OBJECT_UNLOCK(element_);
  copy.stage.background = copy.wishes.background;
  copy.stage.names = copy.wishes.names;
  copy.stage.latency = std::chrono::milliseconds(copy.latency) + kDecoding;
  copy.connection.hidden = true;
  copy.connection.recorder = true;
  if (copy.connection.identity.empty())
    copy.connection.identity = "composite-" + std::to_string(g_random_int());
  return copy;
}

void Composite::set_target(const char* pad, const Ref<GstPad>& target) {
  const auto ghost = Ref<GstPad>::adopt(gst_element_get_static_pad(element_, pad));
  gst_ghost_pad_set_target(GST_GHOST_PAD(ghost.get()), target.get());
}

// By so much earlier; what would come before the beginning is left out. Not by the pad's offset,
// which lets muxers have media in front of their segment.
GstPadProbeReturn bring_forward(GstPad*, GstPadProbeInfo* info, gpointer by) {
  const GstClockTime ahead = *static_cast<const GstClockTime*>(by);
  if (GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)) < ahead) return GST_PAD_PROBE_DROP;
  GstBuffer* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
  GST_BUFFER_PTS(buffer) -= ahead;
  GST_PAD_PROBE_INFO_DATA(info) = buffer;
  return GST_PAD_PROBE_OK;
}

void set_ahead(GstPad* pad, GstClockTime ahead) {
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, bring_forward, new GstClockTime(ahead),
                    [](gpointer by) { delete static_cast<GstClockTime*>(by); });
}

bool Composite::prepare() {
  for (const char* factory : {"compositor", "audiomixer", "audioresample"}) {
    if (Ref<GstElementFactory>::adopt(gst_element_factory_find(factory))) continue;
    GST_ELEMENT_ERROR(element_, CORE, MISSING_PLUGIN,
                      ("The element %s is missing; it is in gst-plugins-base.", factory),
                      (nullptr));
    return false;
  }
  const CompositeSettings wanted = copy_settings();
  set_stage(std::make_unique<CompositeStage>(GST_BIN(element_), wanted.stage));
  set_target("video", stage_->video_src());
  set_target("audio", stage_->audio_src());
  if (wanted.av_offset > 0) set_ahead(stage_->audio_src().get(), wanted.av_offset);
  if (wanted.av_offset < 0) set_ahead(stage_->video_src().get(), -wanted.av_offset);
  return true;
}

bool Composite::start() {
  const CompositeSettings wanted = copy_settings();
  stage_->start();
  auto room = std::make_shared<CompositeRoom>(element_, *stage_, wanted.stage.size);
  if (!room->join(wanted.connection, wanted.latency, wanted.wishes)) return false;
  set_room(std::move(room));
  // There may be other wishes since the copy was made.
  settings_changed();
  return true;
}

void Composite::play() { stage_->play(); }
void Composite::pause() { stage_->pause(); }

void Composite::finish() {
  // A change that comes now finds one that has left.
  if (room_) room_->leave();
  set_room(nullptr);
  set_target("video", {});
  set_target("audio", {});
  set_stage(nullptr);
}

void Composite::set_room(std::shared_ptr<CompositeRoom> room) {
  // What goes is destroyed without the lock.
  MutexLock lock(mutex_);
  room_.swap(room);
}

void Composite::set_stage(std::unique_ptr<CompositeStage> stage) {
  MutexLock lock(mutex_);
  stage_.swap(stage);
}

// With the lock: of several threads the one that copies last is the last to tell the room.
void Composite::settings_changed() {
  MutexLock lock(mutex_);
  if (room_) room_->change(copy_settings().wishes);
}

// With the lock: the end of a stage takes its elements out, and another has the same names.
void Composite::send_eos() {
  MutexLock lock(mutex_);
  if (stage_) stage_->end();
}

}  // namespace

static GstStateChangeReturn gst_livekit_composite_src_change_state(GstElement* element,
                                                                   GstStateChange change) {
  auto* const parent = GST_ELEMENT_CLASS(gst_livekit_composite_src_parent_class);
  Composite& impl = *GST_LIVEKIT_COMPOSITE_SRC(element)->impl;
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED && !impl.prepare())
    return GST_STATE_CHANGE_FAILURE;
  if (change == GST_STATE_CHANGE_PLAYING_TO_PAUSED) impl.pause();
  GstStateChangeReturn result = parent->change_state(element, change);
  if (change == GST_STATE_CHANGE_PAUSED_TO_PLAYING) impl.play();
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED && result != GST_STATE_CHANGE_FAILURE &&
      !impl.start()) {
    parent->change_state(element, GST_STATE_CHANGE_PAUSED_TO_READY);
    result = GST_STATE_CHANGE_FAILURE;
  }
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY ||
      (change == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE))
    impl.finish();
  if (result == GST_STATE_CHANGE_FAILURE) return result;
  // Live: there is nothing while it does not play.
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED || change == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    return GST_STATE_CHANGE_NO_PREROLL;
  return result;
}

// EOS from the application, as "gst-launch-1.0 -e" sends it to end a recording well.
static gboolean gst_livekit_composite_src_send_event(GstElement* element, GstEvent* event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_EOS)
    return GST_ELEMENT_CLASS(gst_livekit_composite_src_parent_class)->send_event(element, event);
  gst_event_unref(event);
  GST_LIVEKIT_COMPOSITE_SRC(element)->impl->send_eos();
  return TRUE;
}

// What happens to a connection is the session's to mend.
static void gst_livekit_composite_src_handle_message(GstBin* bin, GstMessage* message) {
  if (PeerConnection::take_error(message)) return gst_message_unref(message);
  GST_BIN_CLASS(gst_livekit_composite_src_parent_class)->handle_message(bin, message);
}

#define GST_TYPE_LIVEKIT_LAYOUT (gst_livekit_layout_get_type())
static GType gst_livekit_layout_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(LayoutKind::Grid), "Everybody alike", "grid"},
      {static_cast<int>(LayoutKind::Speaker),
       "The screen share or the active speaker large, up to six others in a strip", "speaker"},
      {static_cast<int>(LayoutKind::SingleSpeaker), "The screen share or the active speaker alone",
       "single-speaker"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstLiveKitLayout", values);
  return type;
}

static bool gst_livekit_composite_src_set(CompositeSettings& settings, guint id,
                                          const GValue* value) {
  const auto list = [value] {
    const char* text = g_value_get_string(value);
    return split_list(text ? text : "");
  };
  switch (id) {
    case PROP_LAYOUT:
      settings.wishes.layout = static_cast<LayoutKind>(g_value_get_enum(value));
      return true;
    case PROP_WIDTH:
      settings.stage.size.width = static_cast<int>(g_value_get_uint(value) & ~1u);
      return true;
    case PROP_HEIGHT:
      settings.stage.size.height = static_cast<int>(g_value_get_uint(value) & ~1u);
      return true;
    case PROP_FRAMERATE:
      settings.stage.frames = gst_value_get_fraction_numerator(value);
      settings.stage.seconds = gst_value_get_fraction_denominator(value);
      return true;
    case PROP_BACKGROUND:
      settings.wishes.background = g_value_get_uint(value);
      return true;
    case PROP_NAMES:
      settings.wishes.names = g_value_get_boolean(value);
      return true;
    case PROP_INCLUDE:
      settings.wishes.selection.include = list();
      return true;
    case PROP_EXCLUDE:
      settings.wishes.selection.exclude = list();
      return true;
    case PROP_LATENCY:
      settings.latency = g_value_get_uint(value);
      return true;
    case PROP_AV_OFFSET:
      settings.av_offset = g_value_get_int64(value);
      return true;
    default:
      return set_client_property(settings.connection, PROP_FIRST_OF_CLIENT, id, value);
  }
}

static bool gst_livekit_composite_src_get(const CompositeSettings& settings, guint id,
                                          GValue* value) {
  const auto set_list = [value](const std::vector<std::string>& list) {
    g_value_set_string(value, list.empty() ? nullptr : join_list(list).c_str());
  };
  switch (id) {
    case PROP_LAYOUT:
      g_value_set_enum(value, static_cast<int>(settings.wishes.layout));
      return true;
    case PROP_WIDTH:
      g_value_set_uint(value, static_cast<guint>(settings.stage.size.width));
      return true;
    case PROP_HEIGHT:
      g_value_set_uint(value, static_cast<guint>(settings.stage.size.height));
      return true;
    case PROP_FRAMERATE:
      gst_value_set_fraction(value, settings.stage.frames, settings.stage.seconds);
      return true;
    case PROP_BACKGROUND:
      g_value_set_uint(value, settings.wishes.background);
      return true;
    case PROP_NAMES:
      g_value_set_boolean(value, settings.wishes.names);
      return true;
    case PROP_INCLUDE:
      set_list(settings.wishes.selection.include);
      return true;
    case PROP_EXCLUDE:
      set_list(settings.wishes.selection.exclude);
      return true;
    case PROP_LATENCY:
      g_value_set_uint(value, settings.latency);
      return true;
    case PROP_AV_OFFSET:
      g_value_set_int64(value, settings.av_offset);
      return true;
    default:
      return get_client_property(settings.connection, PROP_FIRST_OF_CLIENT, id, value);
  }
}

static void gst_livekit_composite_src_set_property(GObject* object, guint id, const GValue* value,
                                                   GParamSpec* spec) {
  auto* self = GST_LIVEKIT_COMPOSITE_SRC(object);
  GST_OBJECT_LOCK(self);
  const bool known = gst_livekit_composite_src_set(self->impl->settings, id, value);
  GST_OBJECT_UNLOCK(self);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  if (spec->flags & GST_PARAM_MUTABLE_PLAYING) self->impl->settings_changed();
}

static void gst_livekit_composite_src_get_property(GObject* object, guint id, GValue* value,
                                                   GParamSpec* spec) {
  auto* self = GST_LIVEKIT_COMPOSITE_SRC(object);
  GST_OBJECT_LOCK(self);
  const bool known = gst_livekit_composite_src_get(self->impl->settings, id, value);
  GST_OBJECT_UNLOCK(self);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_livekit_composite_src_finalize(GObject* object) {
  delete GST_LIVEKIT_COMPOSITE_SRC(object)->impl;
  G_OBJECT_CLASS(gst_livekit_composite_src_parent_class)->finalize(object);
}

// Live: there is nowhere to go to. A compositor that is asked nevertheless (1.22) stops for good.

static gboolean gst_livekit_composite_src_pad_event(GstPad* pad, GstObject* parent,
                                                    GstEvent* event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_SEEK) return gst_pad_event_default(pad, parent, event);
  gst_event_unref(event);
  return FALSE;
}

static gboolean gst_livekit_composite_src_pad_query(GstPad* pad, GstObject* parent,
                                                    GstQuery* query) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_SEEKING) return gst_pad_query_default(pad, parent, query);
  GstFormat format{};
  gst_query_parse_seeking(query, &format, nullptr, nullptr, nullptr);
  gst_query_set_seeking(query, format, FALSE, 0, -1);
  return TRUE;
}

static void gst_livekit_composite_src_init(GstLiveKitCompositeSrc* self) {
  self->impl = new Composite(GST_ELEMENT(self));
  gst_bin_set_suppressed_flags(
      GST_BIN(self), static_cast<GstElementFlags>(GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK));
  GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
  for (GstStaticPadTemplate* each : {&video_template, &audio_template}) {
    const auto pad_template = Ref<GstPadTemplate>::adopt(gst_static_pad_template_get(each));
    GstPad* pad =
        gst_ghost_pad_new_no_target_from_template(each->name_template, pad_template.get());
    gst_pad_set_event_function(pad, gst_livekit_composite_src_pad_event);
    gst_pad_set_query_function(pad, gst_livekit_composite_src_pad_query);
    gst_element_add_pad(GST_ELEMENT(self), pad);
  }
}

static void gst_livekit_composite_src_install_properties(GObjectClass* object_class) {
  constexpr auto ready = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                  GST_PARAM_MUTABLE_READY);
  constexpr auto playing = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                    GST_PARAM_MUTABLE_PLAYING);
  const auto install = [object_class](guint id, GParamSpec* spec) {
    g_object_class_install_property(object_class, id, spec);
  };
  const CompositeSettings initial;
  const auto width = static_cast<guint>(initial.stage.size.width);
  const auto height = static_cast<guint>(initial.stage.size.height);
  install(PROP_LAYOUT,
          g_param_spec_enum("layout", "Layout", "Where the tiles are", GST_TYPE_LIVEKIT_LAYOUT,
                            static_cast<int>(initial.wishes.layout), playing));
  install(PROP_WIDTH,
          g_param_spec_uint("width", "Width", "Pixels of the picture; of an odd number one less",
                            64, 8192, width, ready));
  install(PROP_HEIGHT, g_param_spec_uint("height", "Height", "Likewise", 64, 8192, height, ready));
  install(PROP_FRAMERATE,
          gst_param_spec_fraction("framerate", "Frame rate",
                                  "Pictures each second, whatever rates the videos have", 1, 1, 120,
                                  1, initial.stage.frames, initial.stage.seconds, ready));
  install(PROP_BACKGROUND,
          g_param_spec_uint(
              "background", "Background",
              "Colour behind the tiles, as 0xRRGGBB, at first 0x14181d; empty tiles are a little "
              "lighter, or darker on a light one",
              0, 0xffffff, initial.wishes.background, playing));
  install(PROP_NAMES,
          g_param_spec_boolean("names", "Names", "Participants' names are written on their tiles",
                               initial.wishes.names, playing));
  install(PROP_INCLUDE,
          g_param_spec_string("include", "Include",
                              "Identities that are seen and heard, as globs with commas between, "
                              "such as \"guest-*,host\"; empty: everybody's",
                              nullptr, playing));
  install(PROP_EXCLUDE,
          g_param_spec_string("exclude", "Exclude",
                              "Identities that are neither seen nor heard, likewise; it counts "
                              "more than include",
                              nullptr, playing));
  install(PROP_LATENCY,
          g_param_spec_uint("latency", "Latency",
                            "Milliseconds that packets may be late or have to be repeated in. The "
                            "element's own latency is 100 ms more",
                            0, 10000, initial.latency, ready));
  install(PROP_AV_OFFSET,
          g_param_spec_int64("av-offset", "AV offset",
                             "Nanoseconds by which the sound is ahead of the picture, as playbin "
                             "has it: what an encoder of sound puts in front of it. An AAC encoder "
                             "does so with 2048 samples, 42666667 ns at 48 kHz",
                             -GST_SECOND, GST_SECOND, 0, ready));
  install_client_properties(object_class, PROP_FIRST_OF_CLIENT);
}

static void gst_livekit_composite_src_class_init(GstLiveKitCompositeSrcClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  GST_DEBUG_CATEGORY_INIT(livekit_composite_src_debug, "livekitcompositesrc", 0,
                          "LiveKit composite source");
  object_class->set_property = gst_livekit_composite_src_set_property;
  object_class->get_property = gst_livekit_composite_src_get_property;
  object_class->finalize = gst_livekit_composite_src_finalize;
  element_class->change_state = gst_livekit_composite_src_change_state;
  GST_BIN_CLASS(klass)->handle_message = gst_livekit_composite_src_handle_message;
  element_class->send_event = gst_livekit_composite_src_send_event;
  gst_livekit_composite_src_install_properties(object_class);
  gst_element_class_add_static_pad_template(element_class, &video_template);
  gst_element_class_add_static_pad_template(element_class, &audio_template);
  gst_element_class_set_static_metadata(
      element_class, "LiveKit composite source", "Source/Network/WebRTC",
      "Composes the participants of a LiveKit room into one picture and one sound", "gst-livekit");
  gst_type_mark_as_plugin_api(GST_TYPE_LIVEKIT_LAYOUT, static_cast<GstPluginAPIFlags>(0));
}
