// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/subscriptions.h"

#include <algorithm>
#include <utility>

#include "room/bandwidth_share.h"
#include "room/participant.h"
#include "room/publication.h"
#include "room/room.h"
#include "room/track_info.h"

namespace gstlk::room {
namespace {

constexpr Duration kNotFoundLimit = 60s;
constexpr Duration kSettingsDebounce = 100ms;
// Tracks a client may name that nobody publishes, and settings it may leave behind.
constexpr size_t kMaxSubscriptions = 10'000;
// Of those, the ones that are waited for.
constexpr size_t kMaxWaits = 500;

}  // namespace

Subscriptions::Subscriptions(Participant& owner, bool auto_subscribe, bool adaptive_stream,
                             bool allow_pause)
    : owner_(owner),
      auto_subscribe_(auto_subscribe),
      adaptive_stream_(adaptive_stream),
      allow_pause_(allow_pause) {}

Subscription* Subscriptions::find(const TrackId& track) {
  const auto found = subscriptions_.find(track);
  if (found != subscriptions_.end()) return &found->second;
  if (subscriptions_.size() >= kMaxSubscriptions) return nullptr;
  return &subscriptions_[track];
}

void Subscriptions::handle_update(const ::livekit::UpdateSubscription& request) {
  // Clients name a track in both lists.
  std::set<TrackId> tracks;
  for (const std::string& sid : request.track_sids()) tracks.emplace(sid);
  for (const ::livekit::ParticipantTracks& publisher : request.participant_tracks()) {
    for (const std::string& sid : publisher.track_sids()) tracks.emplace(sid);
  }
  for (const TrackId& track : tracks) set_wanted(track, request.subscribe());
}

void Subscriptions::set_wanted(const TrackId& track, bool wanted) {
  Subscription* subscription = find(track);
  if (!subscription) return;
  subscription->wanted = wanted;
  subscription->refused = false;
  if (!wanted) end_wait(track, *subscription);
  reconcile(track);
  // It may have waited for the track, or for a codec.
  if (!wanted && !subscription->active) note_end(track, *subscription);
}

void Subscriptions::reconcile(const TrackId& track) {
  Publication* publication = owner_.room().find_track(track);
  if (!publication) {
    if (const auto found = subscriptions_.find(track); found != subscriptions_.end()) {
      stop(track, found->second);
      await_publication(track, found->second);
    }
    return;
  }
  Participant& publisher = publication->publisher();
  if (&publisher == &owner_ || !owner_.is_connected()) return;
  Subscription* subscription = find(track);
  // Of somebody who hides later, what is received goes on while it is wanted: as at LiveKit.
  if (!subscription || (publisher.is_hidden() && !subscription->active)) return;
  end_wait(track, *subscription);
  const bool wanted = subscription->wanted.value_or(auto_subscribe_);
  if (wanted && owner_.grant().may_subscribe()) tell_permission(*subscription, *publication);
  const bool target = wanted && !subscription->refused && is_permitted(*publication);
  if (target && !subscription->active && within_limit(*publication))
    start(*subscription, *publication);
  if (!target && subscription->active) {
    stop(track, *subscription);
  } else if (!target && !subscription->refused) {
    // It may have waited for a codec.
    publication->remove_subscriber(owner_.sid());
  }
}

void Subscriptions::reconcile_all() {
  for (const TrackId& track : owner_.room().tracks()) reconcile(track);
}

bool Subscriptions::is_permitted(const Publication& publication) const {
  if (!owner_.grant().may_subscribe()) return false;
  return owner_.is_recorder() || publication.publisher().subscription_permissions().allows(
                                     owner_.identity(), publication.sid());
}

bool Subscriptions::within_limit(const Publication& publication) const {
  const Limits& limits = owner_.room().settings().limits;
  const TrackKind kind = publication.kind();
  const uint32_t limit =
      kind == TrackKind::Video ? limits.subscription_limit_video : limits.subscription_limit_audio;
  if (limit == 0) return true;
  const auto counts = [&](const auto& entry) {
    if (!entry.second.active) return false;
    const Publication* other = owner_.room().find_track(entry.first);
    return other && other->kind() == kind;
  };
  return std::ranges::count_if(subscriptions_, counts) < static_cast<ptrdiff_t>(limit);
}

void Subscriptions::tell_permission(Subscription& subscription, const Publication& publication) {
  const bool allowed = is_permitted(publication);
  if (subscription.permission_told == allowed) return;
  subscription.permission_told = allowed;
  ::livekit::SignalResponse response;
  ::livekit::SubscriptionPermissionUpdate& update =
      *response.mutable_subscription_permission_update();
  update.set_participant_sid(publication.publisher().sid().value);
  update.set_track_sid(publication.sid().value);
  update.set_allowed(allowed);
  owner_.send(response);
}

void Subscriptions::start(Subscription& subscription, Publication& publication) {
  const ::livekit::TrackInfo& info = publication.info();
  const ::livekit::UpdateTrackSettings settings = settings_of(subscription);
  const bool sync = owner_.room().syncs_streams() && owner_.quirks().takes_sync_streams;
  subscription.active = true;
  note_request(publication.sid(), subscription);
  subscription.offered = publication.codecs();
  owner_.media().add_downstream(
      {.track = publication.sid(),
       .publisher = publication.publisher().sid(),
       .kind = publication.kind(),
       .stream = sync ? info.stream() : "",
       .codecs = subscription.offered,
       .sources = publication.sources(),
       .stereo = std::ranges::count(info.audio_features(), ::livekit::TF_STEREO) != 0,
       .playout_delay =
           publication.kind() == TrackKind::Video ? owner_.room().playout_delay() : std::nullopt,
       .settings = media_settings(subscription, publication)});
  publication.set_wanted(owner_.sid(), subscription.codec,
                         wanted_quality(settings, layers_for(subscription, publication)));
  share_bandwidth();
}

void Subscriptions::stop(const TrackId& track, Subscription& subscription) {
  if (!std::exchange(subscription.active, false)) return;
  note_end(track, subscription);
  subscription.bound = false;
  subscription.affordable.reset();
  subscription.starved = false;
  owner_.media().remove_downstream(track);
  note_free_place();
  if (Publication* publication = owner_.room().find_track(track)) {
    publication->remove_subscriber(owner_.sid());
    owner_.room().on_unsubscribed(owner_, publication->publisher());
  }
  share_bandwidth();
}

void Subscriptions::tell(const SubscriptionEvent& event) const {
  owner_.room().listeners().tell(&RoomListener::on_subscription, event);
}

void Subscriptions::note_request(const TrackId& track, Subscription& subscription) {
  // Another codec of what is received already is no other request.
  if (subscription.requested || subscription.bound) return;
  subscription.requested = owner_.room().timers().now();
  tell({.step = SubscriptionEvent::Step::Requested,
        .subscriber = owner_,
        .track = track,
        .publication = owner_.room().find_track(track)});
}

void Subscriptions::note_success(const TrackId& track, Subscription& subscription,
                                 const Publication* publication) {
  const Timestamp now = owner_.room().timers().now();
  tell({.step = SubscriptionEvent::Step::Succeeded,
        .subscriber = owner_,
        .track = track,
        .publication = publication,
        .took = now - subscription.requested.value_or(now),
        .times = ++subscription.times_bound});
  subscription.requested.reset();
}

void Subscriptions::note_failure(const TrackId& track, Subscription& subscription,
                                 const char* error) {
  if (!std::exchange(subscription.requested, std::nullopt)) return;
  tell({.step = SubscriptionEvent::Step::Failed,
        .subscriber = owner_,
        .track = track,
        .error = error});
}

void Subscriptions::note_end(const TrackId& track, Subscription& subscription) {
  const bool requested = std::exchange(subscription.requested, std::nullopt).has_value();
  if (!subscription.bound && !requested) return;
  tell({.step = subscription.bound ? SubscriptionEvent::Step::Ended
                                   : SubscriptionEvent::Step::Cancelled,
        .subscriber = owner_,
        .track = track});
}

void Subscriptions::await_publication(const TrackId& track, Subscription& subscription) {
  if (!subscription.wanted.value_or(false) || subscription.awaited) return;
  note_request(track, subscription);
  if (waits_.size() >= kMaxWaits) {
    give_up(track);
    return;
  }
  subscription.awaited = true;
  waits_.push_back({owner_.room().timers().now() + kNotFoundLimit, track});
  schedule_give_up();
}

void Subscriptions::end_wait(const TrackId& track, Subscription& subscription) {
  if (!std::exchange(subscription.awaited, false)) return;
  std::erase_if(waits_, [&](const Wait& wait) { return wait.track == track; });
}

void Subscriptions::schedule_give_up() {
  if (waits_.empty() || give_up_) return;
  Timers& timers = owner_.room().timers();
  const Duration rest = waits_.front().until - timers.now();
  give_up_ = timers.call_later(std::max<Duration>(rest, 0us), [this] {
    give_up_.reset();
    const Timestamp now = owner_.room().timers().now();
    while (!waits_.empty() && waits_.front().until <= now) {
      const TrackId track = std::move(waits_.front().track);
      waits_.pop_front();
      give_up(track);
    }
    schedule_give_up();
  });
}

void Subscriptions::give_up(const TrackId& track) {
  ::livekit::SignalResponse response;
  response.mutable_subscription_response()->set_track_sid(track.value);
  response.mutable_subscription_response()->set_err(::livekit::SE_TRACK_NOTFOUND);
  owner_.send(response);
  const auto found = subscriptions_.find(track);
  note_failure(track, found->second, "track cannot be found");
  subscriptions_.erase(found);
}

// Where there is a limit, another track may wait for it.
void Subscriptions::note_free_place() {
  const Limits& limits = owner_.room().settings().limits;
  if (free_place_ || (limits.subscription_limit_video == 0 && limits.subscription_limit_audio == 0))
    return;
  // Not now: what is being stopped may be one of many.
  free_place_ = owner_.room().timers().call_later(0us, [this] {
    free_place_.reset();
    reconcile_all();
  });
}

bool Subscriptions::forget(const TrackId& track) {
  const auto found = subscriptions_.find(track);
  if (found == subscriptions_.end()) return false;
  const bool received = found->second.active;
  stop(track, found->second);
  note_end(track, found->second);
  end_wait(track, found->second);
  unapplied_.erase(track);
  subscriptions_.erase(found);
  return received;
}

void Subscriptions::end_all() {
  for (auto& [track, subscription] : subscriptions_) {
    stop(track, subscription);
    note_end(track, subscription);
    if (!subscription.refused) continue;
    if (Publication* publication = owner_.room().find_track(track))
      publication->remove_subscriber(owner_.sid());
  }
  subscriptions_.clear();
  unapplied_.clear();
  debounce_.reset();
  waits_.clear();
  give_up_.reset();
  free_place_.reset();
}

::livekit::UpdateTrackSettings Subscriptions::settings_of(const Subscription& subscription) const {
  if (subscription.settings) return *subscription.settings;
  ::livekit::UpdateTrackSettings settings;
  settings.set_quality(adaptive_stream_ ? ::livekit::LOW : ::livekit::HIGH);
  return settings;
}

void Subscriptions::handle_settings(const ::livekit::UpdateTrackSettings& request) {
  // What each track keeps must not hold the names of all the others.
  ::livekit::UpdateTrackSettings settings = request;
  settings.clear_track_sids();
  for (const std::string& sid : request.track_sids()) {
    const TrackId track(sid);
    Subscription* subscription = find(track);
    if (!subscription) return;
    const bool appears =
        subscription->settings && subscription->settings->disabled() && !request.disabled();
    subscription->settings = settings;
    if (appears) {
      apply_settings(track);
    } else {
      unapplied_.insert(track);
    }
  }
  if (unapplied_.empty() || debounce_) return;
  debounce_ = owner_.room().timers().call_later(kSettingsDebounce, [this] {
    debounce_.reset();
    for (const TrackId& track : std::exchange(unapplied_, {})) apply_settings(track);
  });
}

void Subscriptions::set_disabled(const TrackId& track) {
  Subscription* subscription = find(track);
  if (!subscription) return;
  ::livekit::UpdateTrackSettings settings = settings_of(*subscription);
  settings.set_disabled(true);
  subscription->settings = settings;
  apply_settings(track);
}

void Subscriptions::apply_settings(const TrackId& track) {
  unapplied_.erase(track);
  const auto found = subscriptions_.find(track);
  Publication* publication = owner_.room().find_track(track);
  if (found == subscriptions_.end() || !publication || !found->second.active) return;
  const ::livekit::UpdateTrackSettings settings = settings_of(found->second);
  owner_.media().update_downstream(track, media_settings(found->second, *publication));
  publication->set_wanted(owner_.sid(), found->second.codec,
                          wanted_quality(settings, layers_for(found->second, *publication)));
  share_bandwidth();
}

const VideoLayers& Subscriptions::layers_for(const Subscription& subscription,
                                             const Publication& publication) const {
  // Which one a new subscriber will get is known when it has answered.
  const std::vector<std::string> codecs = publication.codecs();
  const bool is_sent = std::ranges::count(codecs, subscription.codec) != 0;
  return layers_of(publication.info(),
                   is_sent || codecs.empty() ? subscription.codec : codecs.front());
}

SubscriptionSettings Subscriptions::media_settings(const Subscription& subscription,
                                                   const Publication& publication) const {
  const ::livekit::UpdateTrackSettings wanted = settings_of(subscription);
  if (publication.kind() != TrackKind::Video) return {.paused = wanted.disabled()};
  SubscriptionSettings settings = subscription_settings(
      wanted, layers_for(subscription, publication), owner_.room().settings().layer_defaults);
  if (subscription.affordable)
    settings.max_spatial = std::min(settings.max_spatial, *subscription.affordable);
  settings.paused |= subscription.starved;
  return settings;
}

void Subscriptions::limit_bandwidth(uint64_t bits_per_second) {
  bandwidth_limit_ = bits_per_second;
  share_bandwidth();
  if (bandwidth_limit_ != 0) return;
  for (const auto& [track, subscription] : subscriptions_) afford(track, std::nullopt, false);
}

void Subscriptions::share_bandwidth() {
  if (bandwidth_limit_ == 0) return;
  std::vector<LayerCosts> costs;
  for (const bool screen : {true, false}) {
    for (const auto& [track, subscription] : subscriptions_) {
      const Publication* publication = owner_.room().find_track(track);
      if (!subscription.active || !publication || publication->kind() != TrackKind::Video) continue;
      if ((publication->info().source() == ::livekit::SCREEN_SHARE) != screen) continue;
      costs.push_back(
          {track, layer_costs(settings_of(subscription), layers_for(subscription, *publication),
                              owner_.room().settings().layer_defaults)});
    }
  }
  for (const auto& [track, highest] : room::share_bandwidth(bandwidth_limit_, costs, allow_pause_))
    afford(track, highest, !highest);
}

void Subscriptions::afford(const TrackId& track, std::optional<uint8_t> highest, bool starved) {
  Subscription& subscription = subscriptions_[track];
  const bool same_layer = std::exchange(subscription.affordable, highest) == highest;
  const bool same_state = std::exchange(subscription.starved, starved) == starved;
  const Publication* publication = owner_.room().find_track(track);
  if (!subscription.active || !publication || (same_layer && same_state)) return;
  owner_.media().update_downstream(track, media_settings(subscription, *publication));
  if (same_state) return;
  ::livekit::SignalResponse response;
  ::livekit::StreamStateInfo& state = *response.mutable_stream_state_update()->add_stream_states();
  state.set_participant_sid(publication->publisher().sid().value);
  state.set_track_sid(track.value);
  state.set_state(starved ? ::livekit::PAUSED : ::livekit::ACTIVE);
  owner_.send(response);
}

void Subscriptions::on_bound(const TrackId& track, const std::string& codec) {
  const auto found = subscriptions_.find(track);
  Publication* publication = owner_.room().find_track(track);
  if (found == subscriptions_.end() || !publication || !found->second.active) return;
  // RED is a wrapping of the track's own codec.
  const std::string name = codec_name(codec);
  if (publication->kind() == TrackKind::Video && found->second.codec != name) {
    found->second.codec = name;
    apply_settings(track);
  }
  if (std::exchange(found->second.bound, true)) return;
  note_success(track, found->second, publication);
  if (!owner_.is_hidden()) publication->note_bound();
  owner_.room().on_subscribed(owner_, publication->publisher());
}

void Subscriptions::on_refused(const TrackId& track) {
  const auto found = subscriptions_.find(track);
  if (found == subscriptions_.end()) return;
  Subscription& subscription = found->second;
  subscription.refused = true;
  const auto requested = std::exchange(subscription.requested, std::nullopt);
  stop(track, subscription);
  subscription.requested = requested;
  // The publisher may have another codec ready.
  Publication* publication = owner_.room().find_track(track);
  if (const auto other = publication ? publication->announced_codec() : std::nullopt) {
    subscription.codec = *other;
    publication->set_wanted(
        owner_.sid(), *other,
        wanted_quality(settings_of(subscription), layers_of(publication->info(), *other)));
    return;
  }
  note_failure(track, subscription, "codec is not supported by remote");
  ::livekit::SignalResponse response;
  response.mutable_subscription_response()->set_track_sid(track.value);
  response.mutable_subscription_response()->set_err(::livekit::SE_CODEC_UNSUPPORTED);
  owner_.send(response);
}

void Subscriptions::on_codecs_changed(Publication& publication) {
  const auto found = subscriptions_.find(publication.sid());
  if (found == subscriptions_.end()) return;
  Subscription& subscription = found->second;
  const std::vector<std::string> codecs = publication.codecs();
  const auto is_sent = [&codecs](const std::string& codec) {
    return std::ranges::count(codecs, codec) != 0;
  };
  if (!subscription.codec.empty() && !is_sent(subscription.codec)) subscription.codec.clear();
  subscription.refused = false;
  // Where it is: the client keeps its track, and goes on with what is left.
  if (subscription.active && !std::ranges::all_of(subscription.offered, is_sent))
    start(subscription, publication);
  reconcile(publication.sid());
}

bool Subscriptions::receives_from(const ParticipantId& publisher) const {
  return std::ranges::any_of(subscriptions_, [&](const auto& entry) {
    if (!entry.second.active) return false;
    const Publication* publication = owner_.room().find_track(entry.first);
    return publication && publication->publisher().sid() == publisher;
  });
}

std::vector<TrackId> Subscriptions::active() const {
  std::vector<TrackId> result;
  for (const auto& [track, subscription] : subscriptions_) {
    if (subscription.active) result.push_back(track);
  }
  return result;
}

}  // namespace gstlk::room
