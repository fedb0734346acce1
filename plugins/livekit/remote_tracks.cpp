// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/remote_tracks.h"

#include <algorithm>
#include <utility>

#include "plugins/livekit/received_stream.h"
#include "plugins/livekit/track_selection.h"

namespace gstlk::client {

namespace {

constexpr Duration kLookEvery = 250ms;
// Within which a pad of webrtcbin is attached, most times.
constexpr Duration kAttachTime = 20ms;
// Within which an output has given its end, most times.
constexpr Duration kDrainTime = 20ms;

GST_DEBUG_CATEGORY_STATIC(remote_tracks_debug);
#define GST_CAT_DEFAULT remote_tracks_debug

void init_debug() {
  static const bool done = [] {
    GST_DEBUG_CATEGORY_INIT(remote_tracks_debug, "livekitremote", 0, "LiveKit remote tracks");
    return true;
  }();
  (void)done;
}

// Who was sent away does not come back by itself. CLIENT_INITIATED is not among these: a browser
// says so too when it joins anew to get over a lost connection.
bool is_gone_for_good(const ::livekit::ParticipantInfo& who) {
  switch (who.disconnect_reason()) {
    case ::livekit::PARTICIPANT_REMOVED:
    case ::livekit::ROOM_DELETED:
    case ::livekit::ROOM_CLOSED:
    case ::livekit::USER_REJECTED:
    case ::livekit::USER_UNAVAILABLE:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool RemoteTracks::join(const ConnectionSettings& connection, const Settings& settings) {
  init_debug();
  settings_ = settings;
  return member_.join(connection, [this](RoomSession& session) {
    session_ = &session;
    subscriber_ = std::make_unique<Subscriber>(session, GST_BIN(element_), this);
    if (session.set_subscriber(subscriber_.get())) {
      session.add(*this);
      outputs_timer_ = std::make_unique<ClientTimer>(session.thread());
      ended_streams_.start(session.thread());
      outputs_timer_->start(kLookEvery, [this] { look_after_outputs(); });
      return true;
    }
    GST_ELEMENT_ERROR(element_, RESOURCE, BUSY,
                      ("There is an element that receives in session \"%s\" already; use its pads.",
                       session.settings().session.c_str()),
                      (nullptr));
    return false;
  });
}

void RemoteTracks::leave() {
  member_.leave([this](RoomSession& session) { let_go(session); });
  remove_all();
}

void RemoteTracks::disconnect() {
  member_.leave_later([this](RoomSession& session) { let_go(session); });
}

void RemoteTracks::let_go(RoomSession& session) {
  // The place in a session that is shared may be somebody else's by now.
  if (!subscriber_) return;
  session.remove(*this);
  (void)session.set_subscriber(nullptr);
  subscriber_.reset();
  outputs_timer_.reset();
  ended_streams_.stop();
  session_ = nullptr;
  wishes_.clear();
  told_encrypted_.clear();
  identities_.clear();
  // What is left is removed by whoever leaves, on another thread.
  MutexLock lock(mutex_);
  for (auto& [track, entry] : entries_) entry->farewell->stop();
  for (auto& entry : leaving_) entry->farewell->stop();
}

void RemoteTracks::remove_all() {
  std::map<TrackIdentity, std::shared_ptr<Entry>> entries;
  std::vector<std::shared_ptr<Entry>> leaving;
  {
    MutexLock lock(mutex_);
    entries.swap(entries_);
    leaving.swap(leaving_);
    by_mid_.clear();
    next_number_.clear();
  }
  for (auto& [track, entry] : entries) owner_.on_output_removed(*entry->output);
  for (auto& entry : leaving) owner_.on_output_removed(*entry->output);
}

void RemoteTracks::on_peer_connection(PeerConnection& peer) {
  GstElement* webrtcbin = peer.webrtcbin();
  if (!webrtcbin) return;
  g_object_set(webrtcbin, "latency", settings_.latency, nullptr);
  g_signal_connect(webrtcbin, "pad-added", G_CALLBACK(on_pad_added), this);
  g_signal_connect(webrtcbin, "on-new-transceiver", G_CALLBACK(on_transceiver), this);
  const auto rtpbin = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(webrtcbin), "rtpbin"));
  // The sender's wall clock on every buffer that a sender report tells of.
  if (rtpbin) {
    g_object_set(rtpbin.get(), "add-reference-timestamp-meta", TRUE, nullptr);
    keep_nothing_for_fec(webrtcbin, rtpbin.get());
  }
  // The server knows nothing of what an earlier session was subscribed to.
  receiving_ = true;
  const auto& self = session_->room().self();
  if (self.has_permission() && !self.permission().can_subscribe())
    GST_ELEMENT_WARNING(element_, RESOURCE, NOT_AUTHORIZED,
                        ("The token does not allow to subscribe: nothing comes out. Take one with "
                         "canSubscribe, or let the server's API permit it."),
                        (nullptr));
  for (const auto& [identity, who] : session_->room().participants())
    for (const auto& track : who.tracks()) subscribe(who, track);
}

void RemoteTracks::on_transceiver(GstElement*, GstWebRTCRTPTransceiver* transceiver, gpointer) {
  // Not for audio: webrtcbin would give its retransmissions a payload type that video has.
  GstWebRTCKind kind{};
  g_object_get(transceiver, "kind", &kind, nullptr);
  g_object_set(transceiver, "do-nack", kind == GST_WEBRTC_KIND_VIDEO, nullptr);
}

void RemoteTracks::on_peer_connection_gone() {
  receiving_ = false;
  ended_streams_.clear();
  {
    MutexLock lock(mutex_);
    by_mid_.clear();
  }
  const ClientThread::Stopping stopping(session_->thread());
  for (const auto& entry : copy_entries()) entry->output->detach();
}

void RemoteTracks::on_offer(const std::map<std::string, std::string>& mid_to_track) {
  MutexLock lock(mutex_);
  for (const auto& [mid, sid] : mid_to_track) {
    const ::livekit::ParticipantInfo* who = nullptr;
    const ::livekit::TrackInfo* track = session_->room().track(sid, &who);
    if (track) by_mid_[mid] = {who->sid(), identity_of(*who, *track), is_encrypted(*track)};
  }
}

void RemoteTracks::on_pad_added(GstElement*, GstPad* pad, gpointer self) {
  if (GST_PAD_IS_SRC(pad)) static_cast<RemoteTracks*>(self)->handle_pad(pad);
}

void RemoteTracks::handle_pad(GstPad* pad) {
  GstWebRTCRTPTransceiver* transceiver = nullptr;
  g_object_get(pad, "transceiver", &transceiver, nullptr);
  const auto owner = Ref<GstWebRTCRTPTransceiver>::adopt(transceiver);
  gchar* mid = nullptr;
  g_object_get(transceiver, "mid", &mid, nullptr);
  const std::string section = mid ? mid : "";
  g_free(mid);
  const std::shared_ptr<Entry> entry = begin_attaching(section);
  bool encrypted = false;
  bool came_back = false;
  std::optional<TrackIdentity> unwanted;
  {
    MutexLock lock(mutex_);
    Announced* carried = announced(section);
    if (entry) encrypted = entry->encrypted;
    if (entry && carried) came_back = std::exchange(carried->came_back, false);
    if (!entry && carried) unwanted = carried->track;
  }
  if (!entry) {
    // Whoever came has left already.
    GST_INFO_OBJECT(element_, "a stream of no track that is known and wanted");
    drop_media(pad);
    return ended_streams_.add(Ref<GstPad>::share(pad), unwanted);
  }
  // webrtcbin has a thread for each stream.
  Ref<GstPad> before;
  const auto attached = [&] {
    MutexLock one_at_a_time(entry->one_at_a_time);
    before = entry->output->detach();
    return entry->output->attach(pad, settings_.form, encrypted);
  }();
  ended_streams_.add(std::move(before));
  // Of what is encrypted there was a warning before.
  if (!attached && !encrypted)
    GST_ELEMENT_WARNING(
        element_, STREAM, DECODE,
        ("%s cannot come out: %s", entry->output->name().c_str(), attached.error().message.c_str()),
        (nullptr));
  // The server knows of no new subscription that begins with a keyframe.
  if (came_back && entry->output->track().kind == MediaKind::Video)
    entry->output->request_keyframe();
  MutexLock lock(mutex_);
  entry->attaching -= 1;
}

RemoteTracks::Announced* RemoteTracks::announced(const std::string& mid) {
  const auto it = by_mid_.find(mid);
  return it == by_mid_.end() ? nullptr : &it->second;
}

void RemoteTracks::set_wanted(const std::string& publisher, const TrackIdentity& track,
                              bool wanted) {
  MutexLock lock(mutex_);
  for (auto& [mid, carried] : by_mid_) {
    if (carried.track != track || carried.publisher != publisher) continue;
    carried.came_back = wanted && !carried.wanted;
    carried.wanted = wanted;
  }
}

// The entry of the track that the section of the offer is of; its owner knows its output.
std::shared_ptr<RemoteTracks::Entry> RemoteTracks::begin_attaching(const std::string& mid) {
  Announced wanted;
  std::string name;
  {
    MutexLock lock(mutex_);
    const Announced* carried = announced(mid);
    if (!carried || !carried->wanted) return nullptr;
    wanted = *carried;
    if (const auto known = entries_.find(wanted.track); known != entries_.end())
      return attach_to(known->second, wanted);
    name = (wanted.track.kind == MediaKind::Video ? "video_" : "audio_") +
           std::to_string(next_number_[wanted.track.kind]++);
  }
  // An application may look at what is added to the element.
  auto entry = std::make_shared<Entry>();
  entry->output = std::make_unique<RemoteOutput>(GST_BIN(element_), name, wanted.track,
                                                 settings_.latency * GST_MSECOND);
  entry->farewell = std::make_unique<ClientTimer>(*ClientThread::get());
  {
    MutexLock lock(mutex_);
    // It may have gone meanwhile.
    const Announced* carried = announced(mid);
    if (!carried || !carried->wanted) return nullptr;
    const auto [place, is_new] = entries_.emplace(wanted.track, entry);
    (void)attach_to(place->second, wanted);
    if (!is_new) return place->second;
  }
  owner_.on_output_added(*entry->output);
  return entry;
}

std::shared_ptr<RemoteTracks::Entry> RemoteTracks::attach_to(const std::shared_ptr<Entry>& entry,
                                                             const Announced& announced) {
  entry->publisher = announced.publisher;
  entry->encrypted = announced.encrypted;
  entry->attaching += 1;
  return entry;
}

void RemoteTracks::on_room_change(const livekit::RoomChange& change) {
  if (change.kind == livekit::RoomChangeKind::TrackPublished) track_published(change);
  if (change.kind == livekit::RoomChangeKind::TrackUnpublished) track_unpublished(change);
}

void RemoteTracks::track_published(const livekit::RoomChange& change) {
  {
    const TrackIdentity track = identity_of(change.participant, change.track);
    MutexLock lock(mutex_);
    const auto it = entries_.find(track);
    if (it != entries_.end()) it->second->farewell->stop();
  }
  if (receiving_) subscribe(change.participant, change.track);
}

void RemoteTracks::subscribe(const ::livekit::ParticipantInfo& who,
                             const ::livekit::TrackInfo& track) {
  const auto wish = wishes_.find(track.sid());
  const bool has_wish = wish != wishes_.end();
  const bool wanted =
      has_wish && wish->second.subscribed ? *wish->second.subscribed : owner_.wants(who, track);
  if (!wanted) return;
  if (is_encrypted(track)) {
    tell_encrypted(who, track);
    if (!settings_.encrypted) return;
  }
  send_subscription(track.sid(), true);
  if (track.type() != ::livekit::VIDEO) return;
  if (has_wish && wish->second.size)
    send_size(track.sid(), *wish->second.size);
  else if (settings_.size.width != 0 && settings_.size.height != 0)
    send_size(track.sid(), settings_.size);
}

void RemoteTracks::tell_encrypted(const ::livekit::ParticipantInfo& who,
                                  const ::livekit::TrackInfo& track) {
  if (!told_encrypted_.insert(track.sid()).second) return;
  const std::string name = track.name().empty() ? source_name(track.source()) : track.name();
  GST_ELEMENT_WARNING(
      element_, STREAM, DECRYPT,
      ("Track \"%s\" of %s is end-to-end encrypted; its media cannot be decoded here: it %s.",
       name.c_str(), who.identity().c_str(),
       settings_.encrypted ? "comes out as it is, and not as raw media" : "is left out"),
      (nullptr));
}

void RemoteTracks::send_subscription(const std::string& track_sid, bool subscribed) {
  ::livekit::SignalRequest request;
  request.mutable_subscription()->add_track_sids(track_sid);
  request.mutable_subscription()->set_subscribe(subscribed);
  session_->send(request);
}

void RemoteTracks::send_size(const std::string& track_sid, const std::optional<ShownSize>& size) {
  ::livekit::SignalRequest request;
  auto* setting = request.mutable_track_setting();
  setting->add_track_sids(track_sid);
  setting->set_disabled(!size);
  if (size && size->width != 0 && size->height != 0) {
    setting->set_width(size->width);
    setting->set_height(size->height);
  } else {
    setting->set_quality(::livekit::HIGH);
  }
  session_->send(request);
}

bool RemoteTracks::set_subscribed(const std::string& track_sid, bool subscribed) {
  if (!session_) return false;
  const ::livekit::ParticipantInfo* who = nullptr;
  const ::livekit::TrackInfo* track = session_->room().track(track_sid, &who);
  if (!track || who->sid() == session_->room().self().sid()) return false;
  wishes_[track_sid].subscribed = subscribed;
  if (!receiving_) return true;
  const TrackIdentity identity = identity_of(*who, *track);
  // Until the next offer; there is none when the server has not seen that it was not wanted.
  set_wanted(who->sid(), identity, subscribed);
  if (subscribed) {
    {
      MutexLock lock(mutex_);
      const auto it = entries_.find(identity);
      if (it != entries_.end()) it->second->farewell->stop();
    }
    ended_streams_.remove_those_of(identity);
    subscribe(*who, *track);
  } else {
    send_subscription(track_sid, false);
    MutexLock lock(mutex_);
    // Not yet: who called may be on the thread that brings its media, which the end waits for.
    const auto it = entries_.find(identity);
    if (it != entries_.end())
      it->second->farewell->start(Duration::zero(), [this, identity] { end(identity); });
  }
  return true;
}

void RemoteTracks::show(const std::string& track_sid, std::optional<ShownSize> size) {
  if (!session_ || !session_->room().track(track_sid)) return;
  std::optional<std::optional<ShownSize>>& known = wishes_[track_sid].size;
  if (known == size) return;
  known = size;
  if (receiving_) send_size(track_sid, size);
}

void RemoteTracks::track_unpublished(const livekit::RoomChange& change) {
  const auto wish = wishes_.find(change.track.sid());
  const bool unwanted = wish != wishes_.end() && wish->second.subscribed == false;
  if (wish != wishes_.end()) wishes_.erase(wish);
  const TrackIdentity track = identity_of(change.participant, change.track);
  identities_.forget(change.track.sid());
  told_encrypted_.erase(change.track.sid());
  MutexLock lock(mutex_);
  // No output is made of it any more.
  std::erase_if(by_mid_, [&](const auto& announced) {
    return announced.second.track == track &&
           announced.second.publisher == change.participant.sid();
  });
  const auto it = entries_.find(track);
  if (it == entries_.end()) return;
  // A publisher that went away, or is there with another session, may bring it back.
  const auto& present = session_->room().participants();
  const auto who = present.find(track.identity);
  const bool stays = who != present.end() && change.participant.sid() == it->second->publisher;
  const bool over = unwanted || stays || is_gone_for_good(change.participant);
  it->second->farewell->start(over ? Duration::zero() : settings_.hold,
                              [this, track] { end(track); });
}

void RemoteTracks::send_eos() {
  for (const auto& entry : copy_entries()) entry->output->send_eos();
}

std::vector<std::shared_ptr<RemoteTracks::Entry>> RemoteTracks::copy_entries() {
  std::vector<std::shared_ptr<Entry>> entries;
  MutexLock lock(mutex_);
  for (const auto& [track, entry] : entries_) entries.push_back(entry);
  return entries;
}

bool RemoteTracks::is_received(GstPad* source) {
  const auto jitter_buffer = jitter_buffer_of(source);
  return jitter_buffer && std::ranges::any_of(copy_entries(), [&](const auto& entry) {
           return entry->output->jitter_buffer().get() == jitter_buffer.get();
         });
}

void RemoteTracks::look_after_outputs() {
  // A packet that is late by the whole latency still comes out in front of the next gap.
  const GstClockTime behind = (settings_.latency + 100) * GST_MSECOND;
  const gint64 now = g_get_monotonic_time();
  for (const auto& entry : copy_entries()) {
    if (entry->output->wants_mending(now)) mend(*entry, now);
    if (settings_.fill_gaps) entry->output->fill_gap(behind);
  }
  outputs_timer_->start(kLookEvery, [this] { look_after_outputs(); });
}

void RemoteTracks::mend(Entry& entry, gint64 now) {
  const ClientThread::Stopping stopping(session_->thread());
  MutexLock one_at_a_time(entry.one_at_a_time);
  entry.output->mend(now);
}

void RemoteTracks::add_stats(GstStructure* into) {
  for (const auto& entry : copy_entries()) {
    GstStructure* one = entry->output->stats();
    gst_structure_set(into, entry->output->name().c_str(), GST_TYPE_STRUCTURE, one, nullptr);
    gst_structure_free(one);
  }
}

bool RemoteTracks::request_keyframe(const std::string& track_sid) {
  const ::livekit::ParticipantInfo* who = nullptr;
  const ::livekit::TrackInfo* track = session_ ? session_->room().track(track_sid, &who) : nullptr;
  if (!track || track->type() != ::livekit::VIDEO) return false;
  std::shared_ptr<Entry> entry;
  {
    const TrackIdentity identity = identity_of(*who, *track);
    MutexLock lock(mutex_);
    const auto it = entries_.find(identity);
    if (it != entries_.end()) entry = it->second;
  }
  if (!entry) return false;
  entry->output->request_keyframe();
  return true;
}

void RemoteTracks::end(const TrackIdentity& track) {
  std::shared_ptr<Entry> entry;
  {
    MutexLock lock(mutex_);
    const auto it = entries_.find(track);
    if (it == entries_.end()) return;
    if (it->second->attaching > 0)
      return it->second->farewell->start(kAttachTime, [this, track] { end(track); });
    entry = it->second;
    entries_.erase(it);
    leaving_.push_back(entry);
  }
  {
    const ClientThread::Stopping stopping(session_->thread());
    ended_streams_.add(entry->output->end(), track);
  }
  see_off(entry);
}

// Who is linked behind it may take nothing for as long as it likes.
void RemoteTracks::see_off(const std::shared_ptr<Entry>& entry) {
  if (!entry->output->is_drained()) {
    return entry->farewell->start(kDrainTime, [this, leaving = std::weak_ptr(entry)] {
      if (const auto again = leaving.lock()) see_off(again);
    });
  }
  {
    MutexLock lock(mutex_);
    std::erase(leaving_, entry);
  }
  const ClientThread::Stopping stopping(session_->thread());
  owner_.on_output_removed(*entry->output);
}

}  // namespace gstlk::client
