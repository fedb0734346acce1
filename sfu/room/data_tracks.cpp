// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/data_tracks.h"

#include <algorithm>

#include "room/data_blobs.h"
#include "room/participant.h"
#include "room/room.h"
#include "room/sids.h"

namespace gstlk::room {
namespace {

using Response = ::livekit::RequestResponse;

constexpr size_t kHeaderSize = 12;
constexpr size_t kHandleOffset = 2;
constexpr uint32_t kMaxHandle = 65535;
constexpr size_t kMaxName = 256;
// Of one publisher: everybody is told of all of them with each change.
constexpr ptrdiff_t kMaxPublished = 1000;
constexpr size_t kMaxWanted = 1000;  // per subscriber, of tracks that may not exist

}  // namespace

DataTracks::DataTracks(Room& room)
    : room_(room),
      delivery_(room, DataChannelKind::DataTrack, room.settings().data.data_track_target_latency) {}

std::optional<DataTracks::Fault> DataTracks::fault_of(
    const Participant& publisher, const ::livekit::PublishDataTrackRequest& request) const {
  if (!room_.settings().enable_data_tracks || !publisher.grant().may_publish_data())
    return Fault{Response::NOT_ALLOWED, "does not have permission to publish data"};
  if (request.pub_handle() == 0 || request.pub_handle() > kMaxHandle)
    return Fault{Response::INVALID_HANDLE, "handle should be > 0 AND < 65536"};
  if (request.name().empty() || request.name().size() > kMaxName)
    return Fault{Response::INVALID_NAME,
                 "name should not be empty and should not exceed 256 characters"};
  const Limits& limits = room_.settings().limits;
  if (!is_acceptable(request.frame_encoding(), limits) || !is_acceptable(request.schema(), limits))
    return Fault{Response::INVALID_REQUEST,
                 "encoding identifier is empty or exceeds the maximum length"};
  if (sids_.contains({publisher.sid(), request.pub_handle()}))
    return Fault{Response::DUPLICATE_HANDLE, "a data track with same handle already exists"};
  const auto own = [&](const auto& entry) { return entry.second.publisher == publisher.sid(); };
  if (std::ranges::count_if(tracks_, own) >= kMaxPublished)
    return Fault{Response::LIMIT_EXCEEDED, "too many data tracks"};
  const auto same_name = [&](const auto& entry) {
    return own(entry) && entry.second.info.name() == request.name();
  };
  if (std::ranges::any_of(tracks_, same_name))
    return Fault{Response::DUPLICATE_NAME, "a data track with same name already exists"};
  return std::nullopt;
}

void DataTracks::handle_publish(Participant& publisher,
                                const ::livekit::PublishDataTrackRequest& request) {
  if (const auto fault = fault_of(publisher, request)) {
    Response response;
    response.set_reason(fault->reason);
    response.set_message(fault->message);
    *response.mutable_publish_data_track() = request;
    publisher.respond(response);
    return;
  }
  ::livekit::DataTrackInfo info;
  info.set_pub_handle(request.pub_handle());
  info.set_sid(make_sid("DTR_", room_.random()));
  info.set_name(request.name());
  info.set_encryption(request.encryption());
  if (request.has_frame_encoding()) *info.mutable_frame_encoding() = request.frame_encoding();
  if (request.has_schema()) *info.mutable_schema() = request.schema();

  const std::string sid = info.sid();
  sids_[{publisher.sid(), info.pub_handle()}] = sid;
  Track& track = tracks_[sid] = {publisher.sid(), info, {}};
  publisher.mark_publisher();
  ::livekit::SignalResponse response;
  *response.mutable_publish_data_track_response()->mutable_info() = info;
  publisher.send(response);
  room_.on_profile_changed(publisher);
  room_.for_each_participant([&](Participant& subscriber) {
    if (reconcile(subscriber, sid, track)) send_handles(subscriber);
  });
}

void DataTracks::handle_unpublish(Participant& publisher,
                                  const ::livekit::UnpublishDataTrackRequest& request) {
  const Track* track = find(publisher.sid(), request.pub_handle());
  if (!track) {
    Response response;
    response.set_reason(Response::NOT_FOUND);
    *response.mutable_unpublish_data_track() = request;
    publisher.respond(response);
    return;
  }
  ::livekit::SignalResponse response;
  *response.mutable_unpublish_data_track_response()->mutable_info() = track->info;
  end(track->info.sid());
  publisher.send(response);
  room_.on_profile_changed(publisher);
}

const DataTracks::Track* DataTracks::find(const ParticipantId& publisher, uint32_t handle) const {
  const auto sid = sids_.find({publisher, handle});
  return sid == sids_.end() ? nullptr : &tracks_.at(sid->second);
}

void DataTracks::end(const std::string& sid) {
  const auto found = tracks_.find(sid);
  Track& track = found->second;
  while (!track.subscribers.empty()) {
    const ParticipantId id = track.subscribers.begin()->first;
    remove_subscriber(track, id);
    if (Participant* subscriber = room_.find(id)) send_handles(*subscriber);
  }
  // Sids do not come back.
  for (auto& [id, subscriber] : subscribers_) subscriber.wanted.erase(sid);
  sids_.erase({track.publisher, track.info.pub_handle()});
  tracks_.erase(found);
}

void DataTracks::end_all(const ParticipantId& publisher) {
  std::vector<std::string> published;
  for (const auto& [sid, track] : tracks_) {
    if (track.publisher == publisher) published.push_back(sid);
  }
  for (const std::string& sid : published) end(sid);
}

void DataTracks::enforce_grants(const Participant& publisher) {
  if (!publisher.grant().may_publish_data()) end_all(publisher.sid());
}

void DataTracks::remove_subscriber(Track& track, const ParticipantId& subscriber) {
  const auto handle = track.subscribers.find(subscriber);
  if (handle == track.subscribers.end()) return;
  subscribers_[subscriber].handles.erase(handle->second);
  track.subscribers.erase(handle);
}

void DataTracks::handle_update(Participant& subscriber,
                               const ::livekit::UpdateDataSubscription& request) {
  bool changed = false;
  auto& wanted = subscribers_[subscriber.sid()].wanted;
  for (const auto& update : request.updates()) {
    const auto track = tracks_.find(update.track_sid());
    if (track != tracks_.end()) {
      wanted[track->first] = update.subscribe();
      changed |= reconcile(subscriber, track->first, track->second);
    } else if (update.subscribe() == subscriber.auto_subscribes_data()) {
      wanted.erase(update.track_sid());
    } else if (wanted.size() < kMaxWanted) {
      wanted[update.track_sid()] = update.subscribe();
    }
  }
  if (changed) send_handles(subscriber);
}

void DataTracks::reconcile(Participant& subscriber) {
  bool changed = false;
  for (auto& [sid, track] : tracks_) changed |= reconcile(subscriber, sid, track);
  if (changed) send_handles(subscriber);
}

void DataTracks::reconcile_all() {
  room_.for_each_participant([this](Participant& subscriber) { reconcile(subscriber); });
}

bool DataTracks::reconcile(Participant& subscriber, const std::string& sid, Track& track) {
  if (track.publisher == subscriber.sid() || !subscriber.is_connected()) return false;
  Subscriber& state = subscribers_[subscriber.sid()];
  const auto wish = state.wanted.find(sid);
  const Participant* publisher = room_.find(track.publisher);
  const bool wanted =
      (wish == state.wanted.end() ? subscriber.auto_subscribes_data() : wish->second) &&
      subscriber.grant().may_subscribe() && publisher &&
      (subscriber.is_recorder() ||
       publisher->subscription_permissions().allows(subscriber.identity(), TrackId(sid)));
  const bool has = track.subscribers.contains(subscriber.sid());
  if (wanted == has) return false;
  if (wanted) return assign(state, sid, track, subscriber.sid());
  remove_subscriber(track, subscriber.sid());
  return true;
}

bool DataTracks::assign(Subscriber& subscriber, const std::string& sid, Track& track,
                        const ParticipantId& id) {
  if (subscriber.handles.size() >= kMaxHandle - 1) return false;
  // A handle is used again as late as possible, when packets of its former track are long gone.
  do {
    ++subscriber.last;
  } while (subscriber.last == 0 || subscriber.handles.contains(subscriber.last));
  subscriber.handles[subscriber.last] = sid;
  track.subscribers[id] = subscriber.last;
  return true;
}

void DataTracks::on_resumed(Participant& subscriber) {
  const auto found = subscribers_.find(subscriber.sid());
  // Who had some once may have missed that they are gone.
  if (found != subscribers_.end() && found->second.last != 0) send_handles(subscriber);
}

void DataTracks::send_handles(Participant& subscriber) {
  ::livekit::SignalResponse response;
  auto& handles = *response.mutable_data_track_subscriber_handles()->mutable_sub_handles();
  for (const auto& [handle, sid] : subscribers_[subscriber.sid()].handles) {
    const Track& track = tracks_.at(sid);
    auto& entry = handles[handle];
    entry.set_publisher_sid(track.publisher.value);
    entry.set_track_sid(sid);
    if (const Participant* publisher = room_.find(track.publisher))
      entry.set_publisher_identity(publisher->identity().value);
  }
  subscriber.send(response);
}

void DataTracks::handle_packet(Participant& sender, ByteView packet) {
  if (packet.size() < kHeaderSize || packet[0] >> 5 != 0 || !sender.grant().may_publish_data())
    return;
  const Track* track = find(sender.sid(), load_u16(&packet[kHandleOffset]));
  if (!track) return;
  scratch_.assign(packet.begin(), packet.end());
  for (const auto& [id, handle] : track->subscribers) {
    Participant* subscriber = room_.find(id);
    if (!subscriber) continue;
    store_u16(&scratch_[kHandleOffset], handle);
    // A channel that cannot take it now loses it: frames are only good while they are fresh.
    (void)delivery_.send(*subscriber, scratch_);
  }
}

void DataTracks::forget(Participant& participant) {
  for (auto& [sid, track] : tracks_) remove_subscriber(track, participant.sid());
  subscribers_.erase(participant.sid());
  delivery_.forget(participant.sid());
  end_all(participant.sid());
}

DataTracks::Luggage DataTracks::take(Participant& participant) {
  Luggage luggage;
  for (const auto& [sid, track] : tracks_) {
    if (track.publisher == participant.sid()) luggage.published.push_back(track.info);
  }
  const auto subscriber = subscribers_.find(participant.sid());
  if (subscriber != subscribers_.end()) luggage.last_handle = subscriber->second.last;
  forget(participant);
  return luggage;
}

void DataTracks::adopt(Participant& participant, const Luggage& luggage) {
  for (const ::livekit::DataTrackInfo& info : luggage.published) {
    sids_[{participant.sid(), info.pub_handle()}] = info.sid();
    tracks_[info.sid()] = {participant.sid(), info, {}};
  }
  // To its client a handle of the old room is still that room's track.
  subscribers_[participant.sid()].last = luggage.last_handle;
}

void DataTracks::on_adopted(Participant& participant) {
  for (auto& [sid, track] : tracks_) reconcile(participant, sid, track);
  // The handles that it had are gone, whether it has new ones or not.
  on_resumed(participant);
  reconcile_all();
}

void DataTracks::fill(const Participant& publisher, ::livekit::ParticipantInfo& info) const {
  for (auto it = sids_.lower_bound({publisher.sid(), 0});
       it != sids_.end() && it->first.first == publisher.sid(); ++it)
    *info.add_data_tracks() = tracks_.at(it->second).info;
}

bool DataTracks::knows(const Participant& publisher, const ::livekit::SyncState& state) const {
  return std::ranges::all_of(state.publish_data_tracks(), [&](const auto& track) {
    return find(publisher.sid(), track.info().pub_handle()) != nullptr;
  });
}

}  // namespace gstlk::room
