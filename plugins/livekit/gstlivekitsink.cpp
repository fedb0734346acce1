// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-livekitsink
 * @title: livekitsink
 *
 * Joins a LiveKit room and publishes what comes to its pads, one track for each. Raw media is
 * encoded for real time, video in up to three sizes (simulcast), of which only those are encoded
 * that somebody watches. Encoded media and RTP are never encoded again. A lost connection is made
 * anew inside, and the tracks are published again; sources and encoders go on meanwhile.
 *
 * Pads of encoded video with the same `track` are the encodings of one track, the smallest first.
 *
 * The pads carry properties: `track`, `track-name`, `source`, `muted`, `simulcast`, `codec`,
 * `min-bitrate`, `max-bitrate`, `dtx`. A buffer at a data pad is one data packet.
 *
 * |[
 * gst-launch-1.0 livekitsink name=s ws-url=ws://127.0.0.1:7880 api-key=devkey secret-key=secret \
 *     room-name=room identity=kiosk \
 *   videotestsrc is-live=true ! video/x-raw,width=1280,height=720,framerate=30/1 ! s.video_0 \
 *   audiotestsrc is-live=true ! s.audio_0
 * ]|
 *
 * Since: 0.1
 */

#include "plugins/livekit/gstlivekitsink.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/mutex.h"
#include "base/ref.h"
#include "plugins/livekit/client_properties.h"
#include "plugins/livekit/data_pad.h"
#include "plugins/livekit/livekit_sink_pad.h"
#include "plugins/livekit/publisher.h"
#include "plugins/livekit/room_member.h"

GST_DEBUG_CATEGORY_STATIC(livekit_sink_debug);
#define GST_CAT_DEFAULT livekit_sink_debug

using gstlk::Mutex;
using gstlk::MutexLock;
using gstlk::Ref;
using namespace gstlk::client;

#define VIDEO_CAPS                                                                   \
  "video/x-raw; video/x-h264; video/x-h265; video/x-vp8; video/x-vp9; video/x-av1; " \
  "application/x-rtp, media=(string)video"
#define AUDIO_CAPS "audio/x-raw; audio/x-opus; application/x-rtp, media=(string)audio"

static GstStaticPadTemplate video_template =
    GST_STATIC_PAD_TEMPLATE("video_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS(VIDEO_CAPS));
static GstStaticPadTemplate audio_template =
    GST_STATIC_PAD_TEMPLATE("audio_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS(AUDIO_CAPS));
static GstStaticPadTemplate data_template =
    GST_STATIC_PAD_TEMPLATE("data_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY);

namespace {

class Sink;

// The track of a media pad, or of several whose property `track` is the same; the settings are
// those of the first.
class SinkTrack : public LocalTrack::Listener {
 public:
  SinkTrack(Sink& sink, GstLiveKitSinkPad* pad, MediaKind kind);

  void on_track_ready() override;
  void on_track_error(const std::string& why) override;

  LocalTrack& track() { return track_; }
  GstLiveKitSinkPad* pad() const { return pad_.get(); }
  TrackSettings settings() const;
  TrackSettings track_settings() override { return settings(); }
  // One of its pads is gone. Any thread.
  void end() { ended_ = true; }
  bool can_be_published() const { return !ended_ && track_.format(); }

 private:
  Sink& sink_;
  const Ref<GstLiveKitSinkPad> pad_;
  LocalTrack track_;
  std::atomic<bool> ended_ = false;
};

// Order of locks: mutex_ alone; never held while a pad, the session or a track is called.
class Sink : public PublisherOwner {
 public:
  explicit Sink(GstElement* element) : element_(element), member_(element) {}

  ConnectionSettings settings;  // under the element's object lock

  bool join();
  void leave();
  GstPad* request_pad(GstPadTemplate* pad_template, const char* name);
  void release_pad(GstPad* pad);
  bool publish_data(GBytes* payload, const DataWishes& wishes) {
    return member_.publish_data(payload, wishes);
  }
  void mute_changed(GstLiveKitSinkPad* pad);
  // The pad becomes an encoding of the track of the pad that had its `track` first.
  void join_track(GstLiveKitSinkPad* pad);
  void track_ready(SinkTrack& track);
  GstStructure* stats();
  // Counts what has ended; posts EOS when all has.
  void handle_eos(GstPad* pad, bool ended) EXCLUDES(mutex_);

  GstElement* element() const { return element_; }

 private:
  std::string pad_name(const char* name, const char* prefix) REQUIRES(mutex_);
  GstPad* add_media_pad(GstPadTemplate* pad_template, const std::string& name, MediaKind kind);
  std::shared_ptr<SinkTrack> track_of(GstLiveKitSinkPad* pad) EXCLUDES(mutex_);
  std::shared_ptr<SinkTrack> other_track(GstLiveKitSinkPad* pad, const std::string& name)
      EXCLUDES(mutex_);
  void remove_bin(LocalTrack& track);
  void publish(SinkTrack& track);
  SinkTrack* find(const LocalTrack& track);

  void on_published(LocalTrack& track, const ::livekit::TrackInfo& info) override;
  void on_refused(LocalTrack& track, const std::string& why) override;
  void on_muted_by_server(LocalTrack& track, bool muted) override;

  GstElement* const element_;
  RoomMember member_;
  std::unique_ptr<Publisher> publisher_;  // client thread
  Mutex mutex_;
  std::map<GstPad*, std::shared_ptr<SinkTrack>> tracks_ GUARDED_BY(mutex_);
  std::map<GstPad*, bool> ended_ GUARDED_BY(mutex_);
  std::map<std::string, unsigned> next_ GUARDED_BY(mutex_);
};

}  // namespace

struct _GstLiveKitSink {
  GstBin parent;
  Sink* impl;
};

static void gst_livekit_sink_child_proxy_init(gpointer interface, gpointer);
G_DEFINE_FINAL_TYPE_WITH_CODE(GstLiveKitSink, gst_livekit_sink, GST_TYPE_BIN,
                              G_IMPLEMENT_INTERFACE(GST_TYPE_CHILD_PROXY,
                                                    gst_livekit_sink_child_proxy_init))

enum { PROP_0, PROP_STATS, PROP_FIRST_OF_CLIENT };
enum { SIGNAL_PUBLISH_DATA, SIGNAL_DISCONNECT, SIGNAL_COUNT };
static guint signals[SIGNAL_COUNT];

namespace {

SinkTrack::SinkTrack(Sink& sink, GstLiveKitSinkPad* pad, MediaKind kind)
    : sink_(sink),
      pad_(Ref<GstLiveKitSinkPad>::share(pad)),
      track_(kind, std::string("track-") + GST_PAD_NAME(pad), *this) {}

TrackSettings SinkTrack::settings() const {
  TrackSettings settings = sink_pad_settings(pad_.get());
  if (settings.source == ::livekit::UNKNOWN)
    settings.source = track_.kind() == MediaKind::Video ? ::livekit::CAMERA : ::livekit::MICROPHONE;
  return settings;
}

void SinkTrack::on_track_ready() { sink_.track_ready(*this); }

void SinkTrack::on_track_error(const std::string& why) {
  GST_ELEMENT_ERROR(sink_.element(), STREAM, FORMAT,
                    ("%s: %s", GST_PAD_NAME(pad_.get()), why.c_str()), (nullptr));
}

bool Sink::join() {
  GST_OBJECT_LOCK(element_);
  const ConnectionSettings copy = settings;
  GST_OBJECT_UNLOCK(element_);
  return member_.join(copy, [this](RoomSession& session) {
    publisher_ = std::make_unique<Publisher>(session, GST_BIN(element_), this);
    if (!session.set_publisher(publisher_.get())) {
      GST_ELEMENT_ERROR(element_, RESOURCE, BUSY,
                        ("There is a livekitsink in session \"%s\" already; use its pads.",
                         session.settings().session.c_str()),
                        (nullptr));
      return false;
    }
    std::set<std::shared_ptr<SinkTrack>> known;
    {
      MutexLock lock(mutex_);
      for (const auto& [pad, track] : tracks_) known.insert(track);
    }
    // Of an earlier session of this element.
    for (const auto& track : known)
      if (track->can_be_published()) publish(*track);
    return true;
  });
}

void Sink::leave() {
  member_.leave([this](RoomSession& session) {
    (void)session.set_publisher(nullptr);
    publisher_.reset();
  });
}

std::string Sink::pad_name(const char* name, const char* prefix) {
  if (name && *name && !std::string_view(name).ends_with("%u")) return name;
  return std::string(prefix) + "_" + std::to_string(next_[prefix]++);
}

GstPad* Sink::request_pad(GstPadTemplate* pad_template, const char* name) {
  const std::string_view kind = GST_PAD_TEMPLATE_NAME_TEMPLATE(pad_template);
  const std::string prefix(kind.substr(0, kind.find('_')));
  std::string chosen;
  {
    MutexLock lock(mutex_);
    chosen = pad_name(name, prefix.c_str());
  }
  if (prefix != "data")
    return add_media_pad(pad_template, chosen,
                         prefix == "video" ? MediaKind::Video : MediaKind::Audio);
  GstPad* pad = make_data_sink_pad(
      pad_template, chosen,
      [this](GBytes* bytes, const DataWishes& wishes) { return publish_data(bytes, wishes); });
  gst_pad_set_active(pad, TRUE);
  gst_element_add_pad(element_, pad);
  return pad;
}

GstPadProbeReturn watch_eos(GstPad* pad, GstPadProbeInfo* info, gpointer sink) {
  const GstEventType type = GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info));
  if (type == GST_EVENT_EOS || type == GST_EVENT_STREAM_START)
    static_cast<Sink*>(sink)->handle_eos(pad, type == GST_EVENT_EOS);
  // Encoders hold nothing back here, and one that drains may fail while its bitrate is changed.
  return type == GST_EVENT_EOS ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

GstPad* Sink::add_media_pad(GstPadTemplate* pad_template, const std::string& name, MediaKind kind) {
  auto* pad = GST_LIVEKIT_SINK_PAD(g_object_new(GST_TYPE_LIVEKIT_SINK_PAD, "name", name.c_str(),
                                                "direction", GST_PAD_SINK, "template", pad_template,
                                                nullptr));
  auto track = std::make_shared<SinkTrack>(*this, pad, kind);
  GstElement* bin = track->track().bin();
  gst_bin_add(GST_BIN(element_), bin);
  const auto target = Ref<GstPad>::adopt(gst_element_get_static_pad(bin, "sink"));
  gst_ghost_pad_set_target(GST_GHOST_PAD(pad), target.get());
  gst_element_sync_state_with_parent(bin);
  gst_pad_add_probe(GST_PAD(pad), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, watch_eos, this, nullptr);
  g_signal_connect(pad, "notify::muted",
                   G_CALLBACK(+[](GstLiveKitSinkPad* changed, GParamSpec*, gpointer sink) {
                     static_cast<Sink*>(sink)->mute_changed(changed);
                   }),
                   this);
  g_signal_connect(pad, "notify::track",
                   G_CALLBACK(+[](GstLiveKitSinkPad* changed, GParamSpec*, gpointer sink) {
                     static_cast<Sink*>(sink)->join_track(changed);
                   }),
                   this);
  {
    MutexLock lock(mutex_);
    tracks_[GST_PAD(pad)] = std::move(track);
    ended_[GST_PAD(pad)] = false;
  }
  gst_pad_set_active(GST_PAD(pad), TRUE);
  gst_element_add_pad(element_, GST_PAD(pad));
  return GST_PAD(pad);
}

// A track with several pads ends with the first that goes: the others' encodings cannot be told to
// a room that knows more of them.
void Sink::release_pad(GstPad* pad) {
  std::shared_ptr<SinkTrack> track;
  bool last = true;
  {
    MutexLock lock(mutex_);
    const auto it = tracks_.find(pad);
    if (it != tracks_.end()) {
      track = it->second;
      tracks_.erase(it);
      ended_.erase(pad);
      last = std::ranges::none_of(tracks_, [&](auto& entry) { return entry.second == track; });
    }
  }
  gst_pad_set_active(pad, FALSE);
  if (track) {
    g_signal_handlers_disconnect_by_data(pad, this);
    track->end();
    if (const auto session = member_.session())
      session->run([&] {
        if (publisher_) publisher_->remove(track->track());
      });
    gst_ghost_pad_set_target(GST_GHOST_PAD(pad), nullptr);
    if (last) remove_bin(track->track());
  }
  gst_element_remove_pad(element_, pad);
}

void Sink::remove_bin(LocalTrack& track) {
  GstElement* bin = track.bin();
  gst_element_set_locked_state(bin, TRUE);
  gst_element_set_state(bin, GST_STATE_NULL);
  // Not when the whole element goes, which has taken its children out before.
  if (GST_OBJECT_PARENT(bin) == GST_OBJECT(element_)) gst_bin_remove(GST_BIN(element_), bin);
}

std::shared_ptr<SinkTrack> Sink::track_of(GstLiveKitSinkPad* pad) {
  MutexLock lock(mutex_);
  const auto it = tracks_.find(GST_PAD(pad));
  return it == tracks_.end() ? nullptr : it->second;
}

std::shared_ptr<SinkTrack> Sink::other_track(GstLiveKitSinkPad* pad, const std::string& name) {
  MutexLock lock(mutex_);
  for (const auto& [other, track] : tracks_)
    if (other != GST_PAD(pad) && sink_pad_track(GST_LIVEKIT_SINK_PAD(other)) == name) return track;
  return nullptr;
}

void Sink::join_track(GstLiveKitSinkPad* pad) {
  const std::string name = sink_pad_track(pad);
  const auto own = track_of(pad);
  const auto other = name.empty() ? nullptr : other_track(pad, name);
  if (!own || !other || own == other) return;
  GstPad* target = own->track().format() ? nullptr : other->track().add_sink();
  if (!target) {
    GST_ELEMENT_WARNING(element_, RESOURCE, SETTINGS,
                        ("%s cannot become part of track \"%s\": it takes three pads of encoded "
                         "video at most, and before media arrives.",
                         GST_PAD_NAME(pad), name.c_str()),
                        (nullptr));
    return;
  }
  {
    MutexLock lock(mutex_);
    tracks_[GST_PAD(pad)] = other;
  }
  gst_ghost_pad_set_target(GST_GHOST_PAD(pad), target);
  remove_bin(own->track());
}

void Sink::track_ready(SinkTrack& track) {
  const auto session = member_.session();
  if (!session) return;
  // A released pad waits for this thread, so the track is still there.
  session->thread().post([this, &track] {
    if (publisher_) publish(track);
  });
}

void Sink::publish(SinkTrack& track) {
  publisher_->add(track.track(), track.settings(), sink_pad_muted(track.pad()));
}

void Sink::mute_changed(GstLiveKitSinkPad* pad) {
  const auto track = track_of(pad);
  const auto session = member_.session();
  if (!track || !session) return;
  session->thread().post([this, track, muted = sink_pad_muted(pad)] {
    if (publisher_) publisher_->set_muted(track->track(), muted);
  });
}

void Sink::handle_eos(GstPad* pad, bool ended) {
  bool all = false;
  {
    MutexLock lock(mutex_);
    const auto it = ended_.find(pad);
    if (it == ended_.end()) return;
    it->second = ended;
    all = ended && std::ranges::all_of(ended_, [](const auto& entry) { return entry.second; });
  }
  if (all) gst_element_post_message(element_, gst_message_new_eos(GST_OBJECT(element_)));
}

SinkTrack* Sink::find(const LocalTrack& wanted) {
  MutexLock lock(mutex_);
  for (const auto& [pad, track] : tracks_)
    if (&track->track() == &wanted) return track.get();
  return nullptr;
}

void Sink::on_published(LocalTrack& track, const ::livekit::TrackInfo& info) {
  const SinkTrack* found = find(track);
  if (!found) return;
  GstStructure* structure = gst_structure_new(
      "livekit-published", "pad", G_TYPE_STRING, GST_PAD_NAME(found->pad()), "sid", G_TYPE_STRING,
      info.sid().c_str(), "name", G_TYPE_STRING, info.name().c_str(), nullptr);
  gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), structure));
}

void Sink::on_refused(LocalTrack& track, const std::string& why) {
  const SinkTrack* found = find(track);
  GST_ELEMENT_ERROR(element_, RESOURCE, NOT_AUTHORIZED,
                    ("%s cannot be published: %s. Check what the token allows.",
                     found ? GST_PAD_NAME(found->pad()) : "A track", why.c_str()),
                    (nullptr));
}

void Sink::on_muted_by_server(LocalTrack& track, bool muted) {
  if (const SinkTrack* found = find(track)) sink_pad_set_muted(found->pad(), muted);
}

GstStructure* Sink::stats() {
  GstStructure* all = gst_structure_new_empty("application/x-livekitsink-stats");
  MutexLock lock(mutex_);
  for (const auto& [pad, track] : tracks_) {
    if (GST_PAD(track->pad()) != pad) continue;
    const TrackStats stats = track->track().stats();
    GstStructure* one = gst_structure_new("track", "packets", G_TYPE_UINT64, stats.packets, "bytes",
                                          G_TYPE_UINT64, stats.bytes, nullptr);
    for (const EncodingStats& encoding : stats.encodings) {
      GstStructure* layer = gst_structure_new(
          "encoding", "width", G_TYPE_INT, encoding.width, "height", G_TYPE_INT, encoding.height,
          "enabled", G_TYPE_BOOLEAN, static_cast<gboolean>(encoding.enabled), "target-bitrate",
          G_TYPE_UINT64, encoding.target.bps, "frames-encoded", G_TYPE_UINT64,
          encoding.frames_encoded, nullptr);
      const std::string field = encoding.rid.empty() ? "encoding" : "encoding-" + encoding.rid;
      gst_structure_set(one, field.c_str(), GST_TYPE_STRUCTURE, layer, nullptr);
      gst_structure_free(layer);
    }
    gst_structure_set(all, GST_PAD_NAME(pad), GST_TYPE_STRUCTURE, one, nullptr);
    gst_structure_free(one);
  }
  return all;
}

}  // namespace

// The children are the pads, so that gst-launch takes "video_0::codec=vp8".

static GObject* gst_livekit_sink_get_child(GstChildProxy* proxy, guint index) {
  GST_OBJECT_LOCK(proxy);
  auto* pad = static_cast<GObject*>(g_list_nth_data(GST_ELEMENT(proxy)->sinkpads, index));
  if (pad) g_object_ref(pad);
  GST_OBJECT_UNLOCK(proxy);
  return pad;
}

static guint gst_livekit_sink_count_children(GstChildProxy* proxy) {
  GST_OBJECT_LOCK(proxy);
  const guint count = GST_ELEMENT(proxy)->numsinkpads;
  GST_OBJECT_UNLOCK(proxy);
  return count;
}

static void gst_livekit_sink_child_proxy_init(gpointer interface, gpointer) {
  auto* proxy = static_cast<GstChildProxyInterface*>(interface);
  proxy->get_child_by_index = gst_livekit_sink_get_child;
  proxy->get_children_count = gst_livekit_sink_count_children;
}

static GstPad* gst_livekit_sink_request_new_pad(GstElement* element, GstPadTemplate* pad_template,
                                                const gchar* name, const GstCaps*) {
  GstPad* pad = GST_LIVEKIT_SINK(element)->impl->request_pad(pad_template, name);
  gst_child_proxy_child_added(GST_CHILD_PROXY(element), G_OBJECT(pad), GST_PAD_NAME(pad));
  return pad;
}

static void gst_livekit_sink_release_pad(GstElement* element, GstPad* pad) {
  gst_child_proxy_child_removed(GST_CHILD_PROXY(element), G_OBJECT(pad), GST_PAD_NAME(pad));
  GST_LIVEKIT_SINK(element)->impl->release_pad(pad);
}

static GstStateChangeReturn gst_livekit_sink_change_state(GstElement* element,
                                                          GstStateChange change) {
  auto* self = GST_LIVEKIT_SINK(element);
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED && !self->impl->join())
    return GST_STATE_CHANGE_FAILURE;
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_livekit_sink_parent_class)->change_state(element, change);
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY ||
      (change == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE))
    self->impl->leave();
  return result;
}

static void gst_livekit_sink_set_property(GObject* object, guint id, const GValue* value,
                                          GParamSpec* spec) {
  auto* self = GST_LIVEKIT_SINK(object);
  GST_OBJECT_LOCK(self);
  const bool known = set_client_property(self->impl->settings, PROP_FIRST_OF_CLIENT, id, value);
  GST_OBJECT_UNLOCK(self);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_livekit_sink_get_property(GObject* object, guint id, GValue* value,
                                          GParamSpec* spec) {
  auto* self = GST_LIVEKIT_SINK(object);
  if (id == PROP_STATS) return g_value_take_boxed(value, self->impl->stats());
  GST_OBJECT_LOCK(self);
  const bool known = get_client_property(self->impl->settings, PROP_FIRST_OF_CLIENT, id, value);
  GST_OBJECT_UNLOCK(self);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static gboolean gst_livekit_sink_publish_data(GstLiveKitSink* self, GBytes* payload,
                                              const gchar* topic, gboolean reliable) {
  return self->impl->publish_data(payload, {.topic = topic ? topic : "", .reliable = !!reliable});
}

static void gst_livekit_sink_disconnect(GstLiveKitSink* self) { self->impl->leave(); }

static void gst_livekit_sink_finalize(GObject* object) {
  delete GST_LIVEKIT_SINK(object)->impl;
  G_OBJECT_CLASS(gst_livekit_sink_parent_class)->finalize(object);
}

static void gst_livekit_sink_init(GstLiveKitSink* self) {
  self->impl = new Sink(GST_ELEMENT(self));
  // EOS is for this element to post: nothing inside is a sink of the pipeline.
  gst_bin_set_suppressed_flags(
      GST_BIN(self), static_cast<GstElementFlags>(GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK));
  GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SINK);
}

static void gst_livekit_sink_class_init(GstLiveKitSinkClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  GST_DEBUG_CATEGORY_INIT(livekit_sink_debug, "livekitsink", 0, "LiveKit sink");
  object_class->set_property = gst_livekit_sink_set_property;
  object_class->get_property = gst_livekit_sink_get_property;
  object_class->finalize = gst_livekit_sink_finalize;
  element_class->request_new_pad = gst_livekit_sink_request_new_pad;
  element_class->release_pad = gst_livekit_sink_release_pad;
  element_class->change_state = gst_livekit_sink_change_state;

  install_client_properties(object_class, PROP_FIRST_OF_CLIENT);
  g_object_class_install_property(
      object_class, PROP_STATS,
      g_param_spec_boxed("stats", "Statistics",
                         "For each pad: packets, bytes and, for each encoding, its size, whether "
                         "it is encoded, target-bitrate (bit/s) and frames-encoded",
                         GST_TYPE_STRUCTURE,
                         static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  /**
   * GstLiveKitSink::publish-data:
   * @payload: at most 64,000 bytes
   * @topic: (nullable): of the packet
   * @reliable: in order and repeated, or neither
   *
   * Returns: FALSE when the room is not connected, or too much waits to be sent.
   */
  signals[SIGNAL_PUBLISH_DATA] = g_signal_new_class_handler(
      "publish-data", G_TYPE_FROM_CLASS(klass),
      static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK(gst_livekit_sink_publish_data), nullptr, nullptr, nullptr, G_TYPE_BOOLEAN, 3,
      G_TYPE_BYTES, G_TYPE_STRING, G_TYPE_BOOLEAN);
  /**
   * GstLiveKitSink::disconnect:
   *
   * Leaves the room; to READY and back joins it again.
   */
  signals[SIGNAL_DISCONNECT] = g_signal_new_class_handler(
      "disconnect", G_TYPE_FROM_CLASS(klass),
      static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
      G_CALLBACK(gst_livekit_sink_disconnect), nullptr, nullptr, nullptr, G_TYPE_NONE, 0);

  gst_element_class_add_static_pad_template_with_gtype(element_class, &video_template,
                                                       GST_TYPE_LIVEKIT_SINK_PAD);
  gst_element_class_add_static_pad_template_with_gtype(element_class, &audio_template,
                                                       GST_TYPE_LIVEKIT_SINK_PAD);
  gst_element_class_add_static_pad_template_with_gtype(element_class, &data_template,
                                                       data_sink_pad_type());
  gst_element_class_set_static_metadata(element_class, "LiveKit sink", "Sink/Network/WebRTC",
                                        "Publishes media and data in a LiveKit room",
                                        "gst-livekit");
}
