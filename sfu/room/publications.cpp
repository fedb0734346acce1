// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/publications.h"

#include <algorithm>
#include <utility>

#include "room/log.h"
#include "room/participant.h"
#include "room/permissions.h"
#include "room/room.h"
#include "room/sids.h"
#include "room/track_info.h"

namespace gstlk::room {
namespace {

constexpr size_t kMaxPending = 20;
constexpr ptrdiff_t kMaxQueuedPerCid = 3;
// Of an AddTrack: its name, its stream and its codecs are told to everybody, with each change of
// their participant again.
constexpr size_t kMaxRequest = 16'384;
constexpr Duration kOfferLimit = 30s;  // between AddTrack and its m-line

}  // namespace

Publications::Publications(Participant& owner) : owner_(owner) {}

Publications::~Publications() = default;

void Publications::handle_add_track(const ::livekit::AddTrackRequest& request) {
  if (refused(request)) return;
  if (!request.sid().empty()) {
    add_backup_codec(request);
    return;
  }
  if (find_cid(request.cid())) {
    queue(request);
    return;
  }
  const auto pending = [](const auto& publication) { return !publication->is_published(); };
  if (static_cast<size_t>(std::ranges::count_if(list_, pending)) >= kMaxPending) {
    reject(request, ::livekit::RequestResponse::LIMIT_EXCEEDED, "too many pending tracks");
    return;
  }
  Room& room = owner_.room();
  const TrackId sid = make_track_sid(request, room.random());
  list_.push_back(std::make_unique<Publication>(
      owner_, make_track_info(request, sid, codecs(), room.timers().unix_micros()), request.cid()));
  Publication& publication = *list_.back();
  announce(publication, request.cid());
  room.listeners().tell(&RoomListener::on_track_requested, std::as_const(publication));
  publication.await_offer(kOfferLimit, [this, sid] { on_never_offered(sid); });
  claim(publication);
}

void Publications::on_never_offered(const TrackId& sid) {
  const auto found = std::ranges::find_if(
      list_, [&](const auto& publication) { return publication->sid() == sid; });
  if (found == list_.end()) return;
  LOG_INFO(log_room, "%s: %s was announced but never offered", owner_.sid().value.c_str(),
           sid.value.c_str());
  // Its place among the pending ones is free again.
  end(found);
  if (!owner_.room().settings().reconnect_on_publication_error) return;
  owner_.room().remove(owner_, {::livekit::STATE_MISMATCH, ::livekit::LeaveRequest::RECONNECT});
}

bool Publications::refused(const ::livekit::AddTrackRequest& request) {
  using Response = ::livekit::RequestResponse;
  if (!may_publish_source(owner_.grant(), request.source())) {
    reject(request, Response::NOT_ALLOWED, "does not have permission to publish");
    return true;
  }
  if (request.type() != ::livekit::AUDIO && request.type() != ::livekit::VIDEO) {
    reject(request, Response::UNSUPPORTED_TYPE, "unsupported track type");
    return true;
  }
  if (request.ByteSizeLong() > kMaxRequest) {
    reject(request, Response::LIMIT_EXCEEDED, "description of the track is too long");
    return true;
  }
  if (!request.sid().empty() && !find(TrackId(request.sid()))) {
    reject(request, Response::NOT_FOUND, "track not found");
    return true;
  }
  return false;
}

void Publications::reject(const ::livekit::AddTrackRequest& request,
                          ::livekit::RequestResponse::Reason reason, const std::string& message) {
  ::livekit::RequestResponse response;
  response.set_reason(reason);
  response.set_message(message);
  *response.mutable_add_track() = request;
  owner_.respond(response);
}

void Publications::queue(const ::livekit::AddTrackRequest& request) {
  const auto same_cid = [&](const auto& other) { return other.cid() == request.cid(); };
  if (std::ranges::count_if(queued_, same_cid) >= kMaxQueuedPerCid ||
      queued_.size() >= kMaxPending) {
    reject(request, ::livekit::RequestResponse::LIMIT_EXCEEDED, "too many queued tracks");
    return;
  }
  queued_.push_back(request);
  reject(request, ::livekit::RequestResponse::QUEUED, "track is queued");
}

void Publications::add_backup_codec(const ::livekit::AddTrackRequest& request) {
  Publication& publication = *find(TrackId(request.sid()));
  add_backup_codecs(request, codecs(), publication.mutable_info());
  announce(publication, request.cid());
  claim(publication);
}

std::vector<EnabledCodec> Publications::codecs() const {
  return publish_codecs(owner_.room().settings().enabled_codecs, owner_.client());
}

void Publications::announce(const Publication& publication, const std::string& cid) {
  ::livekit::SignalResponse response;
  response.mutable_track_published()->set_cid(cid);
  *response.mutable_track_published()->mutable_track() = publication.info();
  owner_.send(response);
}

void Publications::claim(Publication& publication) {
  for (const UpstreamHint& hint : publication.hints()) {
    if (hint.match == MatchBy::Place) continue;
    if (const auto upstream = owner_.media().claim(hint)) bind(publication, *upstream);
  }
}

std::vector<UpstreamHint> Publications::hints() const {
  std::vector<UpstreamHint> all;
  for (const auto& publication : list_) {
    for (UpstreamHint& hint : publication->hints()) all.push_back(std::move(hint));
  }
  // The offer that ends what a track waits for may bring the track already.
  for (const ::livekit::AddTrackRequest& request : queued_) {
    const Publication* before = find_cid(request.cid());
    if (!before || !before->receives(request.cid())) continue;
    const auto info = make_track_info(request, TrackId(), codecs(), 0);
    for (UpstreamHint& hint : hints_of(info, request.cid())) all.push_back(std::move(hint));
  }
  return all;
}

void Publications::handle_upstream(const std::vector<UpstreamTrack>& tracks) {
  for (size_t i = list_.size(); i-- > 0;) {
    const auto goes_on = [&](const UpstreamTrack& track) { return list_[i]->goes_on_with(track); };
    if (!list_[i]->is_published()) continue;
    if (std::ranges::none_of(tracks, goes_on)) {
      remove(list_.begin() + static_cast<ptrdiff_t>(i));
    } else {
      end_streams(*list_[i], tracks);
    }
  }
  // In the order of their requests: they may have to be told apart by their order alone.
  serve_queue();
  for (const UpstreamTrack& track : tracks) {
    Publication* publication = find_cid(track.cid);
    if (publication && !publication->receives(track.cid)) bind(*publication, track);
  }
}

// What is left of a track when one of its codecs ends goes on.
void Publications::end_streams(Publication& publication, const std::vector<UpstreamTrack>& sent) {
  const std::vector<TrackId> removed = publication.remove_streams(sent);
  for (const TrackId& source : removed) owner_.media().unpublish(source);
  if (!removed.empty()) owner_.room().on_codecs_changed(publication);
}

void Publications::bind(Publication& publication, const UpstreamTrack& upstream) {
  const bool first = !publication.is_published();
  const TrackId source = publication.add_stream(upstream);
  publish(publication, source);
  if (first) {
    owner_.room().on_published(publication);
  } else {
    owner_.room().on_codecs_changed(publication);
  }
}

void Publications::publish(const Publication& publication, const TrackId& source) {
  const UpstreamTrack& upstream = publication.streams().at(source);
  owner_.media().publish(
      upstream.mid,
      {.track = source,
       .kind = upstream.kind,
       .layers = upstream.rids,
       .screen_share = publication.info().source() == ::livekit::SCREEN_SHARE,
       .filler_trailer = publication.info().encryption() != ::livekit::Encryption::NONE
                             ? owner_.room().sif_trailer()
                             : ""});
}

void Publications::end(List::iterator position) {
  remove(position);
  serve_queue();
}

void Publications::remove(List::iterator position) {
  // Out of the list first: what the room does next must not find it here.
  const std::unique_ptr<Publication> publication = std::move(*position);
  list_.erase(position);
  if (publication->is_published()) {
    for (const auto& [source, upstream] : publication->streams()) owner_.media().unpublish(source);
    owner_.room().on_unpublished(*publication);
    publication->ask_no_more();
  } else {
    owner_.room().listeners().tell(&RoomListener::on_track_cancelled, std::as_const(*publication));
  }
}

Publication* Publications::find_cid(const std::string& cid) const {
  const auto found = std::ranges::find_if(
      list_, [&](const auto& publication) { return publication->has_cid(cid); });
  return found == list_.end() ? nullptr : found->get();
}

void Publications::serve_queue() {
  const auto may_go = [&](const auto& request) { return find_cid(request.cid()) == nullptr; };
  for (auto next = std::ranges::find_if(queued_, may_go); next != queued_.end();
       next = std::ranges::find_if(queued_, may_go)) {
    const ::livekit::AddTrackRequest request = std::move(*next);
    queued_.erase(next);
    handle_add_track(request);
  }
}

Publication* Publications::find(const TrackId& sid) const {
  const auto found = std::ranges::find_if(
      list_, [&](const auto& publication) { return publication->sid() == sid; });
  return found == list_.end() ? nullptr : found->get();
}

std::vector<Publication*> Publications::published() const {
  std::vector<Publication*> result;
  for (const auto& publication : list_) {
    if (publication->is_published()) result.push_back(publication.get());
  }
  return result;
}

bool Publications::any_published() const {
  return std::ranges::any_of(list_, [](const auto& p) { return p->is_published(); });
}

void Publications::handle_mute(const ::livekit::MuteTrackRequest& request) {
  Publication* publication = find(TrackId(request.sid()));
  if (publication) {
    set_muted(*publication, request.muted());
    return;
  }
  ::livekit::RequestResponse response;
  response.set_reason(::livekit::RequestResponse::NOT_FOUND);
  response.set_message("track not found");
  *response.mutable_mute() = request;
  owner_.respond(response);
}

bool Publications::mute(const TrackId& sid, bool muted) {
  Publication* publication = find(sid);
  if (!publication || !publication->is_published()) return false;
  if (publication->info().muted() == muted) return true;
  ::livekit::SignalResponse response;
  response.mutable_mute()->set_sid(sid.value);
  response.mutable_mute()->set_muted(muted);
  owner_.send(response);
  set_muted(*publication, muted);
  return true;
}

void Publications::set_muted(Publication& publication, bool muted) {
  if (publication.info().muted() == muted) return;
  publication.mutable_info().set_muted(muted);
  if (!muted) publication.repeat_wanted();
  changed(publication);
}

void Publications::changed(Publication& publication) {
  publication.touch();
  if (publication.is_published()) owner_.room().on_track_changed(publication);
}

void Publications::handle_update_audio(const ::livekit::UpdateLocalAudioTrack& request) {
  Publication* publication = find(TrackId(request.track_sid()));
  if (!publication || publication->info().type() != ::livekit::AUDIO) {
    ::livekit::RequestResponse response;
    response.set_reason(::livekit::RequestResponse::NOT_FOUND);
    *response.mutable_update_audio_track() = request;
    owner_.respond(response);
    return;
  }
  ::livekit::TrackInfo& info = publication->mutable_info();
  info.clear_audio_features();
  for (int feature : request.features()) {
    // Each at most once: the list is the client's, and it goes to everybody.
    const auto value = static_cast<::livekit::AudioTrackFeature>(feature);
    if (std::ranges::count(info.audio_features(), value) == 0) info.add_audio_features(value);
  }
  info.set_stereo(std::ranges::count(info.audio_features(), ::livekit::TF_STEREO) != 0);
  info.set_disable_dtx(std::ranges::count(info.audio_features(), ::livekit::TF_NO_DTX) != 0);
  changed(*publication);
}

void Publications::handle_update_video(const ::livekit::UpdateLocalVideoTrack& request) {
  Publication* publication = find(TrackId(request.track_sid()));
  if (!publication || publication->info().type() != ::livekit::VIDEO) {
    ::livekit::RequestResponse response;
    response.set_reason(::livekit::RequestResponse::NOT_FOUND);
    *response.mutable_update_video_track() = request;
    owner_.respond(response);
    return;
  }
  publication->mutable_info().set_width(request.width());
  publication->mutable_info().set_height(request.height());
  changed(*publication);
}

void Publications::enforce_grants() {
  for (size_t i = list_.size(); i-- > 0;) {
    const Publication& publication = *list_[i];
    if (may_publish_source(owner_.grant(), publication.info().source())) continue;
    ::livekit::SignalResponse response;
    response.mutable_track_unpublished()->set_track_sid(publication.sid().value);
    owner_.send(response);
    end(list_.begin() + static_cast<ptrdiff_t>(i));
  }
}

void Publications::repeat_wanted() {
  for (const auto& publication : list_) publication->repeat_wanted();
}

void Publications::leave_room() {
  for (Publication* publication : published()) {
    for (const auto& [source, upstream] : publication->streams()) owner_.media().unpublish(source);
    owner_.room().on_unpublished(*publication);
  }
}

void Publications::enter_room() {
  for (Publication* publication : published()) {
    publication->start_over();
    for (const auto& [source, upstream] : publication->streams()) publish(*publication, source);
    owner_.room().on_published(*publication);
  }
}

void Publications::mirror(const Publications& source, const Publication::Origin& origin) {
  for (size_t i = list_.size(); i-- > 0;) {
    const Publication* of = source.find(list_[i]->sid());
    if (!of || !of->is_published()) end(list_.begin() + static_cast<ptrdiff_t>(i));
  }
  for (const Publication* of : source.published()) {
    Publication* known = find(of->sid());
    Publication& publication =
        known ? *known
              : *list_.emplace_back(std::make_unique<Publication>(owner_, of->info(), of->cid()));
    const Publication::Change change = publication.mirror(*of, origin);
    for (const TrackId& track : change.ended) owner_.media().unpublish(track);
    for (const TrackId& track : change.begun) publish(publication, track);
    if (!known) {
      owner_.room().on_published(publication);
    } else if (!change.ended.empty() || !change.begun.empty()) {
      owner_.room().on_codecs_changed(publication);
    } else if (change.info) {
      owner_.room().on_track_changed(publication);
    }
  }
}

void Publications::end_all() {
  queued_.clear();
  while (!list_.empty()) end(list_.end() - 1);
}

}  // namespace gstlk::room
