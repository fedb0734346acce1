// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/composite_room.h"

#include <algorithm>
#include <utility>

#include "plugins/livekit/track_selection.h"

namespace gstlk::client {

namespace {

// How long a decoder waits for its video to be shown again.
constexpr Duration kGiveUpAfter = 10s;

// Pixels of the video itself when it is fitted into the tile.
ShownSize fitted(const Rect& rect, double aspect) {
  if (aspect <= 0) aspect = 16.0 / 9;
  const double width = std::min<double>(rect.width, rect.height * aspect);
  return {static_cast<unsigned>(width), static_cast<unsigned>(width / aspect)};
}

}  // namespace

bool CompositeRoom::join(const ConnectionSettings& connection, unsigned latency,
                         const CompositeWishes& wishes) {
  wishes_ = wishes;
  tiles_.set_selection(wishes.selection);
  if (!tracks_.join(connection, {.form = OutputForm::Raw,
                                 .latency = latency,
                                 .hold = 0s,
                                 .fill_gaps = false,
                                 .encrypted = false}))
    return false;
  const auto session = tracks_.member().session();
  session->run([&] {
    session_ = session;
    timer_ = std::make_unique<ClientTimer>(session->thread());
    change_timer_ = std::make_unique<ClientTimer>(session->thread());
    session->add(*this);
    update();
  });
  return true;
}

void CompositeRoom::leave() {
  const auto session = tracks_.member().session();
  if (!session) return;
  session->run([&] {
    session->remove(*this);
    timer_.reset();
    change_timer_.reset();
    received_.clear();
    session_.reset();
  });
  tracks_.leave();
  // What outputs posted finds nothing to do, but has to find this.
  session->run([] {});
}

void CompositeRoom::change(const CompositeWishes& wishes) {
  if (const auto session = tracks_.member().session())
    session->thread().post([self = shared_from_this(), wishes] { self->apply(wishes); });
}

void CompositeRoom::apply(const CompositeWishes& wishes) {
  if (!session_) return;
  wishes_ = wishes;
  if (tiles_.selection() != wishes.selection) {
    tiles_.set_selection(wishes.selection);
    select_audio();
  }
  changed();
}

void CompositeRoom::select_audio() {
  for (const auto& [identity, who] : session_->room().participants())
    for (const auto& track : who.tracks())
      if (track.type() == ::livekit::AUDIO) tracks_.set_subscribed(track.sid(), wants(who, track));
}

// Video is asked for when it is shown.
bool CompositeRoom::wants(const ::livekit::ParticipantInfo& who,
                          const ::livekit::TrackInfo& track) {
  return track.type() == ::livekit::AUDIO && tiles_.selection().wants(who);
}

void CompositeRoom::on_output_added(RemoteOutput& output) {
  {
    MutexLock lock(mutex_);
    added_.push_back(&output);
  }
  if (const auto session = tracks_.member().session())
    session->thread().post([this] { link_outputs(); });
}

void CompositeRoom::link_outputs() {
  std::vector<RemoteOutput*> added;
  {
    MutexLock lock(mutex_);
    added.swap(added_);
  }
  if (!session_) return;
  for (RemoteOutput* output : added) {
    staged_[output->track()] = output;
    if (output->track().kind == MediaKind::Video)
      stage_.add_video(to_string(output->track()), output->pad());
    else
      stage_.add_audio(to_string(output->track()), output->pad());
  }
}

void CompositeRoom::on_output_removed(RemoteOutput& output) {
  {
    MutexLock lock(mutex_);
    std::erase(added_, &output);
  }
  const auto staged = staged_.find(output.track());
  if (staged == staged_.end() || staged->second != &output) return;
  staged_.erase(staged);
  if (output.track().kind == MediaKind::Video)
    stage_.remove_video(to_string(output.track()));
  else
    stage_.remove_audio(to_string(output.track()));
}

void CompositeRoom::on_state(livekit::SessionState, const std::string&) {
  // Who speaks is told anew in the next session.
  tiles_.forget_speakers();
}

void CompositeRoom::on_room_change(const livekit::RoomChange&) { changed(); }

void CompositeRoom::on_message(const ::livekit::SignalResponse& message) {
  if (!message.has_speakers_changed()) return;
  tiles_.handle_speakers(message.speakers_changed(), session_->room(), monotonic_now());
  changed();
}

void CompositeRoom::changed() {
  if (const auto wait = pace_.changed(monotonic_now()))
    change_timer_->start(*wait, [this] { update(); });
}

void CompositeRoom::update() {
  const Timestamp now = monotonic_now();
  change_timer_->stop();
  pace_.updated(now);
  stage_.set_background(wishes_.background);
  stage_.set_names(wishes_.names);
  const std::vector<RoomTile> tiles = tiles_.tiles(session_->room(), now);
  std::vector<LayoutTile> layout;
  for (const RoomTile& tile : tiles) layout.push_back(tile.layout);
  const std::vector<PlacedTile> placed = arranger_.arrange(canvas_, wishes_.layout, layout, now);

  std::vector<StageTile> stage;
  std::map<std::string, ShownSize> shown;
  for (size_t i = 0; i < tiles.size(); ++i) {
    if (!placed[i].shown) continue;
    const RoomTile& tile = tiles[i];
    StageTile on_stage{.place = placed[i], .name = tile.name};
    const ::livekit::ParticipantInfo* who = nullptr;
    const ::livekit::TrackInfo* track = session_->room().track(tile.track_sid, &who);
    if (track && is_encrypted(*track)) {
      tracks_.tell_encrypted(*who, *track);
    } else if (track && !tile.layout.muted) {
      on_stage.video = to_string(tracks_.identity_of(*who, *track));
      shown[tile.track_sid] = fitted(stage_.video_rect(placed[i].rect), tile.layout.aspect);
    }
    stage.push_back(std::move(on_stage));
  }
  stage_.show(std::move(stage));
  receive(shown, now);
  start_timer(now);
}

void CompositeRoom::receive(const std::map<std::string, ShownSize>& shown, Timestamp now) {
  for (const auto& [sid, size] : shown) {
    tracks_.show(sid, size);
    if (!received_.contains(sid)) tracks_.set_subscribed(sid, true);
    received_[sid].reset();
  }
  for (auto it = received_.begin(); it != received_.end();) {
    auto& [sid, hidden_since] = *it;
    bool over = !session_->room().track(sid);
    if (!over && !shown.contains(sid)) {
      tracks_.show(sid, std::nullopt);
      if (!hidden_since) hidden_since = now;
      over = now - *hidden_since >= kGiveUpAfter;
      if (over) tracks_.set_subscribed(sid, false);
    }
    it = over ? received_.erase(it) : std::next(it);
  }
}

void CompositeRoom::start_timer(Timestamp now) {
  std::optional<Timestamp> next = arranger_.next_timeout();
  for (const auto& [sid, hidden_since] : received_)
    if (hidden_since)
      next = std::min(next.value_or(Timestamp::max()), *hidden_since + kGiveUpAfter);
  if (!next)
    timer_->stop();
  else
    timer_->start(std::max(*next - now, Duration::zero()), [this] { update(); });
}

}  // namespace gstlk::client
