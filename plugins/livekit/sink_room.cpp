// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/sink_room.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

GST_DEBUG_CATEGORY_EXTERN(livekit_sink_debug);
#define GST_CAT_DEFAULT livekit_sink_debug

namespace gstlk::client {
namespace {

GstPadProbeReturn see_event(GstPad* pad, GstPadProbeInfo* info, gpointer sink) {
  const GstEventType type = GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info));
  if (type == GST_EVENT_EOS || type == GST_EVENT_STREAM_START || type == GST_EVENT_FLUSH_STOP)
    static_cast<SinkRoom*>(sink)->handle_eos(pad, type == GST_EVENT_EOS);
  // Encoders hold nothing back here, and one that drains may fail while its bitrate is changed.
  return type == GST_EVENT_EOS ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

// Whether media may come to a sink pad: not when the elements in front of it begin with a pad that
// is not linked, as behind a demuxer of a file without such a stream.
bool is_fed(GstPad* sink) {
  const auto source = Ref<GstPad>::adopt(gst_pad_get_peer(sink));
  if (!source) return false;
  GstIterator* inner = gst_pad_iterate_internal_links(source.get());
  if (!inner) return true;
  bool begins_here = true;
  bool fed = false;
  GValue value = G_VALUE_INIT;
  GstIteratorResult result{};
  while ((result = gst_iterator_next(inner, &value)) == GST_ITERATOR_OK) {
    begins_here = false;
    fed = fed || is_fed(GST_PAD(g_value_get_object(&value)));
    g_value_reset(&value);
  }
  g_value_unset(&value);
  gst_iterator_free(inner);
  return fed || begins_here || result != GST_ITERATOR_DONE;
}

}  // namespace

SinkTrack::SinkTrack(SinkRoom& sink, GstLiveKitSinkPad* pad, MediaKind kind)
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

void SinkTrack::on_track_warning(const std::string& why) {
  GST_ELEMENT_WARNING(sink_.element(), STREAM, FORMAT,
                      ("%s: %s", GST_PAD_NAME(pad_.get()), why.c_str()), (nullptr));
}

bool SinkRoom::join() {
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

void SinkRoom::leave() {
  member_.leave([this](RoomSession& session) { let_go(session); });
}

void SinkRoom::disconnect() {
  member_.leave_later([this](RoomSession& session) { let_go(session); });
}

void SinkRoom::let_go(RoomSession& session) {
  // The place in a session that is shared may be somebody else's by now.
  if (!publisher_) return;
  (void)session.set_publisher(nullptr);
  publisher_.reset();
}

// An application may have named pads itself.
std::string SinkRoom::pad_name(const char* name, const std::string& prefix) {
  if (name && *name && !std::string_view(name).ends_with("%u")) return name;
  std::string chosen;
  do {
    MutexLock lock(mutex_);
    chosen = prefix + "_" + std::to_string(next_[prefix]++);
  } while (Ref<GstPad>::adopt(gst_element_get_static_pad(element_, chosen.c_str())));
  return chosen;
}

GstPad* SinkRoom::request_pad(GstPadTemplate* pad_template, const char* name) {
  const std::string_view kind = GST_PAD_TEMPLATE_NAME_TEMPLATE(pad_template);
  const std::string prefix(kind.substr(0, kind.find('_')));
  const std::string chosen = pad_name(name, prefix);
  if (prefix == "data") return add_data_pad(pad_template, chosen);
  return add_media_pad(pad_template, chosen,
                       prefix == "video" ? MediaKind::Video : MediaKind::Audio);
}

GstPad* SinkRoom::add_data_pad(GstPadTemplate* pad_template, const std::string& name) {
  GstPad* pad = make_data_sink_pad(
      pad_template, name,
      [this](GBytes* bytes, const DataWishes& wishes) { return publish_data(bytes, wishes); });
  watch_eos(pad);
  return add_to_element(pad) ? pad : nullptr;
}

bool SinkRoom::add_to_element(GstPad* pad) {
  const auto owner = Ref<GstPad>::sink(pad);
  gst_pad_set_active(pad, TRUE);
  if (gst_element_add_pad(element_, pad)) return true;
  take_down(pad);
  return false;
}

GstPad* SinkRoom::add_media_pad(GstPadTemplate* pad_template, const std::string& name,
                                MediaKind kind) {
  auto* pad = GST_LIVEKIT_SINK_PAD(g_object_new(GST_TYPE_LIVEKIT_SINK_PAD, "name", name.c_str(),
                                                "direction", GST_PAD_SINK, "template", pad_template,
                                                nullptr));
  auto track = std::make_shared<SinkTrack>(*this, pad, kind);
  GstElement* bin = track->track().bin();
  gst_bin_add(GST_BIN(element_), bin);
  const auto target = Ref<GstPad>::adopt(gst_element_get_static_pad(bin, "sink"));
  gst_ghost_pad_set_target(GST_GHOST_PAD(pad), target.get());
  gst_element_sync_state_with_parent(bin);
  watch_eos(GST_PAD(pad));
  g_signal_connect(pad, "notify::muted",
                   G_CALLBACK(+[](GstLiveKitSinkPad* changed, GParamSpec*, gpointer sink) {
                     static_cast<SinkRoom*>(sink)->mute_changed(changed);
                   }),
                   this);
  g_signal_connect(pad, "notify::track",
                   G_CALLBACK(+[](GstLiveKitSinkPad* changed, GParamSpec*, gpointer sink) {
                     static_cast<SinkRoom*>(sink)->join_track(changed);
                   }),
                   this);
  {
    MutexLock lock(mutex_);
    tracks_[GST_PAD(pad)] = std::move(track);
  }
  return add_to_element(GST_PAD(pad)) ? GST_PAD(pad) : nullptr;
}

void SinkRoom::release_pad(GstPad* pad) {
  take_down(pad);
  gst_element_remove_pad(element_, pad);
  // The others may have waited for this one alone.
  post_eos_when_all_ended();
}

// A track with several pads ends with the first that goes: the others' encodings cannot be told to
// a room that knows more of them.
void SinkRoom::take_down(GstPad* pad) {
  std::shared_ptr<SinkTrack> track;
  bool last = true;
  {
    MutexLock lock(mutex_);
    const auto it = tracks_.find(pad);
    if (it != tracks_.end()) {
      track = it->second;
      tracks_.erase(it);
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
  MutexLock lock(mutex_);
  progress_.erase(pad);
}

void SinkRoom::remove_bin(LocalTrack& track) {
  GstElement* bin = track.bin();
  gst_element_set_locked_state(bin, TRUE);
  gst_element_set_state(bin, GST_STATE_NULL);
  // Not when the whole element goes, which has taken its children out before.
  if (GST_OBJECT_PARENT(bin) == GST_OBJECT(element_)) gst_bin_remove(GST_BIN(element_), bin);
}

std::shared_ptr<SinkTrack> SinkRoom::track_of(GstLiveKitSinkPad* pad) {
  MutexLock lock(mutex_);
  const auto it = tracks_.find(GST_PAD(pad));
  return it == tracks_.end() ? nullptr : it->second;
}

std::shared_ptr<SinkTrack> SinkRoom::other_track(GstLiveKitSinkPad* pad, const std::string& name) {
  MutexLock lock(mutex_);
  for (const auto& [other, track] : tracks_)
    if (other != GST_PAD(pad) && sink_pad_track(GST_LIVEKIT_SINK_PAD(other)) == name) return track;
  return nullptr;
}

void SinkRoom::join_track(GstLiveKitSinkPad* pad) {
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

void SinkRoom::track_ready(SinkTrack& track) {
  const auto session = member_.session();
  if (!session) return;
  // A released pad waits for this thread, so the track is still there.
  session->thread().post([this, &track] {
    if (publisher_ && track.can_be_published()) publish(track);
  });
}

void SinkRoom::publish(SinkTrack& track) {
  publisher_->add(track.track(), track.settings(), sink_pad_muted(track.pad()));
}

void SinkRoom::mute_changed(GstLiveKitSinkPad* pad) {
  const auto track = track_of(pad);
  const auto session = member_.session();
  if (!track || !session) return;
  session->thread().post([this, track, muted = sink_pad_muted(pad)] {
    if (publisher_) publisher_->set_muted(track->track(), muted);
  });
}

void SinkRoom::watch_eos(GstPad* pad) {
  {
    MutexLock lock(mutex_);
    progress_[pad] = Progress::Nothing;
  }
  // A seek says by flushing alone that more may come.
  gst_pad_add_probe(pad,
                    static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
                                                 GST_PAD_PROBE_TYPE_EVENT_FLUSH),
                    see_event, this, nullptr);
}

void SinkRoom::handle_eos(GstPad* pad, bool ended) {
  {
    MutexLock lock(mutex_);
    const auto it = progress_.find(pad);
    if (it == progress_.end()) return;
    it->second = ended ? Progress::Ended : Progress::Begun;
    if (!ended) eos_posted_ = false;
  }
  if (ended) post_eos_when_all_ended();
}

void SinkRoom::post_eos_when_all_ended() {
  // Those that nothing has come to.
  std::vector<Ref<GstPad>> empty;
  {
    MutexLock lock(mutex_);
    if (eos_posted_) return;
    for (const auto& [pad, progress] : progress_) {
      if (progress == Progress::Begun) return;
      if (progress == Progress::Nothing) empty.push_back(Ref<GstPad>::share(pad));
    }
    if (empty.size() == progress_.size()) return;
  }
  // One that is not linked itself is waited for: somebody has requested it.
  for (const auto& pad : empty)
    if (!gst_pad_is_linked(pad.get()) || is_fed(pad.get())) return;
  {
    MutexLock lock(mutex_);
    if (std::exchange(eos_posted_, true)) return;
  }
  gst_element_post_message(element_, gst_message_new_eos(GST_OBJECT(element_)));
}

SinkTrack* SinkRoom::find(const LocalTrack& wanted) {
  MutexLock lock(mutex_);
  for (const auto& [pad, track] : tracks_)
    if (&track->track() == &wanted) return track.get();
  return nullptr;
}

void SinkRoom::on_published(LocalTrack& track, const ::livekit::TrackInfo& info) {
  const SinkTrack* found = find(track);
  if (!found) return;
  GstStructure* structure = gst_structure_new(
      "livekit-published", "pad", G_TYPE_STRING, GST_PAD_NAME(found->pad()), "sid", G_TYPE_STRING,
      info.sid().c_str(), "name", G_TYPE_STRING, info.name().c_str(), nullptr);
  gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), structure));
}

void SinkRoom::on_refused(LocalTrack& track, const std::string& why) {
  const SinkTrack* found = find(track);
  GST_ELEMENT_ERROR(element_, RESOURCE, NOT_AUTHORIZED,
                    ("%s cannot be published: %s. Check what the token allows.",
                     found ? GST_PAD_NAME(found->pad()) : "A track", why.c_str()),
                    (nullptr));
}

void SinkRoom::on_muted_by_server(LocalTrack& track, bool muted) {
  if (const SinkTrack* found = find(track)) sink_pad_set_muted(found->pad(), muted);
}

GstStructure* SinkRoom::stats() {
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

}  // namespace gstlk::client
