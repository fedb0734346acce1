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

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/ref.h"
#include "plugins/livekit/client_properties.h"
#include "plugins/livekit/remote_output.h"
#include "plugins/livekit/room_member.h"
#include "plugins/livekit/subscriber.h"
#include "plugins/livekit/track_selection.h"

GST_DEBUG_CATEGORY_STATIC(livekit_src_debug);
#define GST_CAT_DEFAULT livekit_src_debug

using gstlk::Mutex;
using gstlk::MutexLock;
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

// Order of locks: mutex_ alone; never held while a pad, the session or an output is called, but for
// attach() and detach(), which push nothing.
class Source : public SubscriberOwner, public RoomListener {
 public:
  explicit Source(GstElement* element) : element_(element), member_(element) {}

  SourceSettings settings;  // under the element's object lock

  bool join();
  void leave();
  // All pads end; their tracks may go on.
  void send_eos();

 private:
  // What a pad of webrtcbin carries.
  struct Announced {
    std::string publisher;  // sid of the participant
    TrackIdentity track;
  };
  struct Entry {
    std::unique_ptr<RemoteOutput> output;
    std::string publisher;                  // sid of the participant whose track came out last
    std::unique_ptr<ClientTimer> farewell;  // runs while the track is away
  };

  static void on_pad_added(GstElement* webrtcbin, GstPad* pad, gpointer self);
  static void on_transceiver(GstElement* webrtcbin, GstWebRTCRTPTransceiver* transceiver,
                             gpointer self);

  void on_peer_connection(PeerConnection& peer) override;
  void on_peer_connection_gone() override;
  void on_offer(const std::map<std::string, std::string>& mid_to_track) override;
  void on_room_change(const gstlk::livekit::RoomChange& change) override;

  void handle_pad(GstPad* pad);
  std::shared_ptr<Entry> entry_for(const Announced& announced) EXCLUDES(mutex_);
  // Subscribes to the track when it is one of the selection.
  void subscribe(const ::livekit::ParticipantInfo& who, const ::livekit::TrackInfo& track);
  void track_published(const gstlk::livekit::RoomChange& change);
  void track_unpublished(const gstlk::livekit::RoomChange& change);
  void end(const TrackIdentity& track);
  void remove_all();
  SourceSettings copy_settings();

  GstElement* const element_;
  RoomMember member_;
  SourceSettings current_;                  // of this membership
  std::unique_ptr<Subscriber> subscriber_;  // client thread
  RoomSession* session_ = nullptr;          // client thread; the member keeps it
  bool receiving_ = false;                  // client thread: there is a peer connection
  Mutex mutex_;
  std::map<std::string, Announced> by_mid_ GUARDED_BY(mutex_);
  std::map<TrackIdentity, std::shared_ptr<Entry>> entries_ GUARDED_BY(mutex_);
  unsigned next_video_ GUARDED_BY(mutex_) = 0;
  unsigned next_audio_ GUARDED_BY(mutex_) = 0;
};

TrackIdentity identity_of(const ::livekit::ParticipantInfo& who,
                          const ::livekit::TrackInfo& track) {
  return {who.identity(), track.name(), track.source(),
          track.type() == ::livekit::AUDIO ? MediaKind::Audio : MediaKind::Video};
}

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
  current_ = copy_settings();
  return member_.join(current_.connection, [this](RoomSession& session) {
    session_ = &session;
    subscriber_ = std::make_unique<Subscriber>(session, GST_BIN(element_), this);
    if (session.set_subscriber(subscriber_.get())) {
      session.add(*this);
      return true;
    }
    GST_ELEMENT_ERROR(element_, RESOURCE, BUSY,
                      ("There is a livekitsrc in session \"%s\" already; use its pads.",
                       session.settings().session.c_str()),
                      (nullptr));
    return false;
  });
}

void Source::leave() {
  member_.leave([this](RoomSession& session) {
    session.remove(*this);
    (void)session.set_subscriber(nullptr);
    subscriber_.reset();
    session_ = nullptr;
  });
  remove_all();
}

void Source::remove_all() {
  std::map<TrackIdentity, std::shared_ptr<Entry>> entries;
  {
    MutexLock lock(mutex_);
    entries.swap(entries_);
    by_mid_.clear();
    next_video_ = next_audio_ = 0;
  }
  for (auto& [track, entry] : entries) {
    gst_pad_set_active(entry->output->pad(), FALSE);
    gst_element_remove_pad(element_, entry->output->pad());
  }
}

void Source::on_peer_connection(PeerConnection& peer) {
  GstElement* webrtcbin = peer.webrtcbin();
  if (!webrtcbin) return;
  g_object_set(webrtcbin, "latency", current_.latency, nullptr);
  g_signal_connect(webrtcbin, "pad-added", G_CALLBACK(on_pad_added), this);
  g_signal_connect(webrtcbin, "on-new-transceiver", G_CALLBACK(on_transceiver), this);
  const auto rtpbin = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(webrtcbin), "rtpbin"));
  // The sender's wall clock on every buffer that a sender report tells of.
  if (rtpbin) g_object_set(rtpbin.get(), "add-reference-timestamp-meta", TRUE, nullptr);
  // The server knows nothing of what an earlier session was subscribed to.
  receiving_ = true;
  for (const auto& [identity, who] : session_->room().participants())
    for (const auto& track : who.tracks()) subscribe(who, track);
}

void Source::on_transceiver(GstElement*, GstWebRTCRTPTransceiver* transceiver, gpointer) {
  // Not for audio: webrtcbin would give its retransmissions a payload type that video has.
  GstWebRTCKind kind{};
  g_object_get(transceiver, "kind", &kind, nullptr);
  g_object_set(transceiver, "do-nack", kind == GST_WEBRTC_KIND_VIDEO, nullptr);
}

void Source::on_peer_connection_gone() {
  receiving_ = false;
  MutexLock lock(mutex_);
  by_mid_.clear();
  for (auto& [track, entry] : entries_) entry->output->detach();
}

void Source::on_offer(const std::map<std::string, std::string>& mid_to_track) {
  MutexLock lock(mutex_);
  for (const auto& [mid, sid] : mid_to_track) {
    const ::livekit::ParticipantInfo* who = nullptr;
    const ::livekit::TrackInfo* track = session_->room().track(sid, &who);
    if (track) by_mid_[mid] = {who->sid(), identity_of(*who, *track)};
  }
}

void Source::on_pad_added(GstElement*, GstPad* pad, gpointer self) {
  if (GST_PAD_IS_SRC(pad)) static_cast<Source*>(self)->handle_pad(pad);
}

void Source::handle_pad(GstPad* pad) {
  GstWebRTCRTPTransceiver* transceiver = nullptr;
  g_object_get(pad, "transceiver", &transceiver, nullptr);
  const auto owner = Ref<GstWebRTCRTPTransceiver>::adopt(transceiver);
  gchar* mid = nullptr;
  g_object_get(transceiver, "mid", &mid, nullptr);
  std::optional<Announced> announced;
  {
    MutexLock lock(mutex_);
    const auto it = by_mid_.find(mid ? mid : "");
    if (it != by_mid_.end()) announced = it->second;
  }
  g_free(mid);
  if (!announced) {
    GST_WARNING_OBJECT(element_, "a stream of no known track");
    return;
  }
  const std::shared_ptr<Entry> entry = entry_for(*announced);
  const auto attached = entry->output->attach(pad, current_.form);
  if (!attached)
    GST_ELEMENT_WARNING(element_, STREAM, DECODE,
                        ("%s cannot come out: %s", GST_PAD_NAME(entry->output->pad()),
                         attached.error().message.c_str()),
                        (nullptr));
}

// The output of the track, with a pad of the element.
std::shared_ptr<Source::Entry> Source::entry_for(const Announced& announced) {
  const bool video = announced.track.kind == MediaKind::Video;
  std::shared_ptr<Entry> entry;
  {
    MutexLock lock(mutex_);
    std::shared_ptr<Entry>& place = entries_[announced.track];
    if (place) {
      place->publisher = announced.publisher;
      return place;
    }
    place = entry = std::make_shared<Entry>();
    entry->publisher = announced.publisher;
    const std::string name =
        video ? "video_" + std::to_string(next_video_++) : "audio_" + std::to_string(next_audio_++);
    entry->output = std::make_unique<RemoteOutput>(
        GST_BIN(element_), gst_element_get_pad_template(element_, video ? "video_%u" : "audio_%u"),
        name, announced.track);
    entry->farewell = std::make_unique<ClientTimer>(*ClientThread::get());
  }
  gst_element_add_pad(element_, entry->output->pad());
  return entry;
}

void Source::on_room_change(const gstlk::livekit::RoomChange& change) {
  if (change.kind == gstlk::livekit::RoomChangeKind::TrackPublished) track_published(change);
  if (change.kind == gstlk::livekit::RoomChangeKind::TrackUnpublished) track_unpublished(change);
}

void Source::track_published(const gstlk::livekit::RoomChange& change) {
  {
    MutexLock lock(mutex_);
    const auto it = entries_.find(identity_of(change.participant, change.track));
    if (it != entries_.end()) it->second->farewell->stop();
  }
  if (receiving_) subscribe(change.participant, change.track);
}

void Source::subscribe(const ::livekit::ParticipantInfo& who, const ::livekit::TrackInfo& track) {
  if (!current_.selection.wants(who, track)) return;
  ::livekit::SignalRequest request;
  request.mutable_subscription()->add_track_sids(track.sid());
  request.mutable_subscription()->set_subscribe(true);
  session_->send(request);
  if (track.type() != ::livekit::VIDEO || current_.width == 0 || current_.height == 0) return;
  auto* wanted = request.mutable_track_setting();
  wanted->add_track_sids(track.sid());
  wanted->set_width(current_.width);
  wanted->set_height(current_.height);
  session_->send(request);
}

void Source::track_unpublished(const gstlk::livekit::RoomChange& change) {
  const TrackIdentity track = identity_of(change.participant, change.track);
  MutexLock lock(mutex_);
  const auto it = entries_.find(track);
  if (it == entries_.end()) return;
  // A publisher that went away, or is there with another session, may bring it back.
  const auto& present = session_->room().participants();
  const auto who = present.find(track.identity);
  const bool stays = who != present.end() && change.participant.sid() == it->second->publisher;
  it->second->farewell->start(stays ? 0s : std::chrono::seconds(current_.hold),
                              [this, track] { end(track); });
}

void Source::send_eos() {
  std::vector<std::shared_ptr<Entry>> entries;
  {
    MutexLock lock(mutex_);
    for (const auto& [track, entry] : entries_) entries.push_back(entry);
  }
  for (const auto& entry : entries) entry->output->end();
}

void Source::end(const TrackIdentity& track) {
  std::shared_ptr<Entry> entry;
  {
    MutexLock lock(mutex_);
    const auto it = entries_.find(track);
    if (it == entries_.end()) return;
    entry = std::move(it->second);
    entries_.erase(it);
  }
  entry->output->end();
  gst_pad_set_active(entry->output->pad(), FALSE);
  gst_element_remove_pad(element_, entry->output->pad());
}

}  // namespace

static GstStateChangeReturn gst_livekit_src_change_state(GstElement* element,
                                                         GstStateChange change) {
  auto* self = GST_LIVEKIT_SRC(element);
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED && !self->impl->join())
    return GST_STATE_CHANGE_FAILURE;
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_livekit_src_parent_class)->change_state(element, change);
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY) self->impl->leave();
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
