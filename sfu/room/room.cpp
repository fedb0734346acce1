// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/room.h"

#include <algorithm>
#include <utility>

#include "livekit_room.pb.h"
#include "room/log.h"
#include "room/participant.h"
#include "room/publication.h"
#include "room/sids.h"

namespace gstlk::room {
namespace {

constexpr Duration kCountsDebounce = 5s;
// Somebody may have left just before the client noticed that its WebSocket was gone.
constexpr Duration kSignalLossMargin = 15s;

// As Participant::is_dependent() will say.
bool will_depend(const livekit::Grants& grants) {
  const auto kind = kind_from(grants.kind);
  return kind == ::livekit::ParticipantInfo::AGENT || kind == ::livekit::ParticipantInfo::EGRESS ||
         (grants.video && (grants.video->agent || grants.video->recorder));
}

std::string make_trailer(RandomSource random) {
  std::array<uint8_t, 16> bytes;
  random(bytes);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Room::Room(RoomName name, const Settings& settings, Timers& timers, RandomSource random,
           std::unique_ptr<RoomMedia> media, const RoomListeners& listeners)
    : name_(std::move(name)),
      sid_(make_sid("RM_", random)),
      settings_(settings),
      timers_(timers),
      random_(random),
      sif_trailer_(make_trailer(random)),
      listeners_(listeners),
      created_at_(timers.unix_micros()),
      empty_timeout_(settings.empty_timeout),
      departure_timeout_(settings.departure_timeout),
      max_participants_(settings.max_participants),
      sync_streams_(settings.sync_streams),
      playout_delay_(settings.playout_delay),
      empty_since_(timers.now()),
      media_(std::move(media)),
      data_(*this),
      data_tracks_(*this),
      updates_(*this),
      reports_(*this),
      rpc_(*this) {}

Room::~Room() = default;

::livekit::Room Room::info() const {
  ::livekit::Room info;
  info.set_sid(sid_.value);
  info.set_name(name_.value);
  const auto seconds = [](Duration d) { return static_cast<uint32_t>(d / 1s); };
  info.set_empty_timeout(seconds(empty_timeout_));
  info.set_departure_timeout(seconds(departure_timeout_));
  info.set_max_participants(max_participants_);
  info.set_creation_time(created_at_ / 1'000'000);
  info.set_creation_time_ms(created_at_ / 1'000);
  for (const EnabledCodec& codec : settings_.enabled_codecs) {
    ::livekit::Codec& entry = *info.add_enabled_codecs();
    entry.set_mime(codec.mime);
    entry.set_fmtp_line(codec.fmtp);
  }
  info.set_metadata(metadata_);
  info.set_active_recording(active_recording_);
  for (const auto& [identity, participant] : participants_) {
    if (participant->is_dependent()) continue;
    info.set_num_participants(info.num_participants() + 1);
    if (participant->publications().any_published())
      info.set_num_publishers(info.num_publishers() + 1);
  }
  return info;
}

template <class Message>
void Room::configure(const Message& wanted) {
  if (wanted.empty_timeout() > 0) empty_timeout_ = std::chrono::seconds(wanted.empty_timeout());
  if (wanted.departure_timeout() > 0)
    departure_timeout_ = std::chrono::seconds(wanted.departure_timeout());
  if (wanted.max_participants() > 0) max_participants_ = wanted.max_participants();
  if (wanted.sync_streams()) sync_streams_ = true;
  if (wanted.min_playout_delay() > 0 || wanted.max_playout_delay() > 0) {
    playout_delay_ = PlayoutDelay{std::chrono::milliseconds(wanted.min_playout_delay()),
                                  std::chrono::milliseconds(wanted.max_playout_delay())};
  }
  if (!wanted.metadata().empty()) set_metadata(wanted.metadata());
  if (wanted.has_egress())
    LOG_WARNING(log_room, "%s: is configured to be recorded, and there is no egress service",
                name_.value.c_str());
  if (!wanted.agents().empty()) agents_.assign(wanted.agents().begin(), wanted.agents().end());
}
template void Room::configure(const ::livekit::CreateRoomRequest&);
template void Room::configure(const ::livekit::RoomConfiguration&);

void Room::set_metadata(const std::string& metadata) {
  if (metadata_ == metadata) return;
  metadata_ = metadata;
  send_room_update();
}

bool Room::is_full(const Participant* replaced, bool dependent) const {
  if (max_participants_ == 0 || dependent) return false;
  const auto counts = [&](const auto& entry) {
    return entry.second.get() != replaced && !entry.second->is_dependent();
  };
  return std::ranges::count_if(participants_, counts) >= static_cast<ptrdiff_t>(max_participants_);
}

Result<Participant*, JoinRefusal> Room::join(JoinDetails details, SignalLink& link,
                                             const ParticipantMediaFactory& media) {
  Participant* old = find(details.identity);
  if (is_full(old, will_depend(details.claims.grants)))
    return Unexpected<JoinRefusal>{JoinRefusal::RoomFull};
  Participant& participant = add(std::move(details), media);
  participant.attach(link);
  return &participant;
}

Participant& Room::add(JoinDetails details, const ParticipantMediaFactory& media) {
  if (Participant* old = find(details.identity)) remove(*old, {::livekit::DUPLICATE_IDENTITY});
  auto owned = std::make_unique<Participant>(*this, ParticipantId(make_sid("PA_", random_)),
                                             std::move(details));
  Participant& participant = *owned;
  LOG_INFO(log_room, "%s: %s joins as %s", name_.value.c_str(),
           participant.identity().value.c_str(), participant.sid().value.c_str());
  by_sid_[participant.sid()] = &participant;
  participants_[participant.identity()] = std::move(owned);
  participant.set_media(media(participant, *media_));
  if (!participant.is_dependent()) was_used_ = true;
  return participant;
}

Participant& Room::add_forwarded(JoinDetails details, std::unique_ptr<ParticipantMedia> media) {
  Participant& participant =
      add(std::move(details), [&](Participant&, RoomMedia&) { return std::move(media); });
  admit(participant);
  participant.on_media_connected();
  return participant;
}

void Room::admit(Participant& participant) {
  participant.on_joined();
  updates_.announce(participant, Urgency::Batched);
  if (participant.is_recorder() && !std::exchange(active_recording_, true)) send_room_update();
  counts_changed();
  participant.subscriptions().reconcile_all();
  data_tracks_.reconcile(participant);
  listeners_.tell(&RoomListener::on_participant_joined, std::as_const(participant));
}

void Room::admit_again(Participant& participant, Timestamp signal_lost) {
  updates_.send_all(participant, signal_lost - kSignalLossMargin);
  ::livekit::SignalResponse response;
  *response.mutable_room_update()->mutable_room() = info();
  participant.send(response);
  participant.on_resumed();
}

void Room::remove(Participant& participant, const Leave& leave) {
  const auto found = participants_.find(participant.identity());
  if (found == participants_.end() || found->second.get() != &participant) return;
  LOG_INFO(log_room, "%s: %s leaves: %s", name_.value.c_str(), participant.identity().value.c_str(),
           ::livekit::DisconnectReason_Name(leave.reason).c_str());
  const bool was_publisher = participant.is_publisher();
  participant.dismiss(leave);
  participant.subscriptions().end_all();
  data_tracks_.forget(participant);
  data_.forget(participant.sid());
  std::unique_ptr<Participant> owned = std::move(found->second);
  participants_.erase(found);
  by_sid_.erase(participant.sid());
  participant.publications().end_all();
  participant.on_left(leave.reason);
  reports_.forget(participant.sid());
  rpc_.forget(participant.sid());
  if (leave.reason == ::livekit::DUPLICATE_IDENTITY) {
    updates_.announce_replaced(participant);
  } else {
    updates_.announce(participant, was_publisher ? Urgency::Now : Urgency::Batched);
  }
  after_departure(participant);
  bury(std::move(owned));
}

void Room::after_departure(Participant& participant) {
  on_roles_changed();
  listeners_.tell(&RoomListener::on_participant_left, std::as_const(participant));
}

void Room::on_roles_changed() {
  const bool recording = std::ranges::any_of(
      participants_, [](const auto& entry) { return entry.second->is_recorder(); });
  if (std::exchange(active_recording_, recording) != recording) send_room_update();
  counts_changed();
  note_emptiness();
}

void Room::bury(std::unique_ptr<Participant> participant) {
  buried_.push_back(std::move(participant));
  if (!burial_) {
    burial_ = timers_.call_later(0us, [this] {
      burial_.reset();
      buried_.clear();
    });
  }
}

void Room::close(const Leave& leave) {
  while (!participants_.empty()) remove(*participants_.begin()->second, leave);
}

Participant* Room::find(const ParticipantIdentity& identity) const {
  const auto found = participants_.find(identity);
  return found == participants_.end() ? nullptr : found->second.get();
}

Participant* Room::find(const ParticipantId& sid) const {
  const auto found = by_sid_.find(sid);
  return found == by_sid_.end() ? nullptr : found->second;
}

Publication* Room::find_track(const TrackId& sid) const {
  const auto found = tracks_.find(sid);
  return found == tracks_.end() ? nullptr : found->second;
}

std::vector<TrackId> Room::tracks() const {
  std::vector<TrackId> sids;
  for (const auto& [sid, publication] : tracks_) sids.push_back(sid);
  return sids;
}

void Room::for_each_participant(const std::function<void(Participant&)>& visit) const {
  for (const auto& [identity, participant] : participants_) visit(*participant);
}

bool Room::has_participants() const {
  return std::ranges::any_of(participants_,
                             [](const auto& entry) { return !entry.second->is_dependent(); });
}

void Room::note_emptiness() {
  // That nobody came is counted from its start, whoever waits in it.
  if (was_used_ && !has_participants()) empty_since_ = timers_.now();
}

bool Room::is_expired(Timestamp now) const {
  if (has_participants()) return false;
  return now - empty_since_ >= (was_used_ ? departure_timeout_ : empty_timeout_);
}

void Room::reconcile(const TrackId& track) {
  for_each_participant(
      [&](Participant& participant) { participant.subscriptions().reconcile(track); });
}

void Room::on_active(Participant& participant) {
  updates_.announce(participant, participant.is_publisher() ? Urgency::Now : Urgency::Batched);
  listeners_.tell(&RoomListener::on_participant_active, std::as_const(participant));
  for (const Publication* publication : participant.publications().published())
    listeners_.tell(&RoomListener::on_track_published, *publication);
}

void Room::on_published(Publication& publication) {
  Participant& publisher = publication.publisher();
  tracks_[publication.sid()] = &publication;
  publisher.mark_publisher();
  publisher.mark_changed();
  // Before anybody's session description names the track.
  updates_.announce(publisher, Urgency::Now);
  counts_changed();
  reports_.start();
  reconcile(publication.sid());
  if (publisher.was_active())
    listeners_.tell(&RoomListener::on_track_published, std::as_const(publication));
  listeners_.tell(&RoomListener::on_participant_changed, std::as_const(publisher));
}

void Room::on_codecs_changed(Publication& publication) {
  publication.touch();
  on_track_changed(publication);
  for_each_participant([&](Participant& participant) {
    participant.subscriptions().on_codecs_changed(publication);
  });
}

void Room::on_unpublished(Publication& publication) {
  Participant& publisher = publication.publisher();
  tracks_.erase(publication.sid());
  for_each_participant([&](Participant& participant) {
    if (participant.subscriptions().forget(publication.sid()))
      on_unsubscribed(participant, publisher);
  });
  publisher.mark_changed();
  if (find(publisher.sid())) updates_.announce(publisher, Urgency::Now);
  counts_changed();
  listeners_.tell(publisher.was_active() ? &RoomListener::on_track_unpublished
                                         : &RoomListener::on_track_cancelled,
                  std::as_const(publication));
  listeners_.tell(&RoomListener::on_participant_changed, std::as_const(publisher));
}

void Room::on_track_changed(Publication& publication) {
  on_profile_changed(publication.publisher());
}

void Room::on_profile_changed(Participant& participant) {
  participant.mark_changed();
  updates_.announce(participant, Urgency::Now);
  listeners_.tell(&RoomListener::on_participant_changed, std::as_const(participant));
}

void Room::on_permissions_changed(Participant& participant) {
  listeners_.tell(&RoomListener::on_participant_changed, std::as_const(participant));
}

void Room::on_subscribed(Participant& subscriber, Participant& publisher) {
  reports_.introduce(publisher, subscriber);
}

void Room::on_unsubscribed(Participant& subscriber, Participant& publisher) {
  if (!subscriber.subscriptions().receives_from(publisher.sid()))
    reports_.take_leave(publisher, subscriber);
}

void Room::send_room_update() {
  counts_timer_.reset();
  ::livekit::SignalResponse response;
  *response.mutable_room_update()->mutable_room() = info();
  const SignalMessage message(response);
  for_each_participant([&](Participant& participant) {
    if (participant.is_connected()) participant.send(message);
  });
}

void Room::counts_changed() {
  if (!counts_timer_)
    counts_timer_ = timers_.call_later(kCountsDebounce, [this] { send_room_update(); });
}

}  // namespace gstlk::room
