// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/room_reports.h"

#include <algorithm>
#include <utility>

#include "room/participant.h"
#include "room/room.h"

namespace gstlk::room {
namespace {

constexpr Duration kQualityInterval = 5s;

void add_speaker(const ParticipantId& sid, float level, ::livekit::SignalResponse& response) {
  ::livekit::SpeakerInfo& info = *response.mutable_speakers_changed()->add_speakers();
  info.set_sid(sid.value);
  info.set_level(level);
  info.set_active(level > 0);
}

void add_quality(const ParticipantId& sid, double score, ::livekit::ConnectionQuality quality,
                 const Participant& to, ::livekit::SignalResponse& response) {
  ::livekit::ConnectionQualityInfo& info = *response.mutable_connection_quality()->add_updates();
  info.set_participant_sid(sid.value);
  info.set_score(static_cast<float>(score));
  const bool hide_lost = quality == ::livekit::LOST && !to.quirks().knows_lost_quality;
  info.set_quality(hide_lost ? ::livekit::POOR : quality);
}

bool hears_of(Participant& listener, const ParticipantId& about) {
  return listener.sid() == about || listener.subscriptions().receives_from(about);
}

}  // namespace

RoomReports::RoomReports(Room& room) : room_(room), speakers_(room.settings().speaker_level) {}

void RoomReports::start() {
  if (!speaker_timer_) {
    speaker_timer_ =
        room_.timers().call_later(room_.settings().speaker_interval, [this] { poll_speakers(); });
  }
  if (!quality_timer_)
    quality_timer_ = room_.timers().call_later(kQualityInterval, [this] { poll_quality(); });
}

std::map<ParticipantId, double> RoomReports::levels() {
  std::map<ParticipantId, double> levels;
  room_.for_each_participant([&](Participant& participant) {
    double loudest = 0;
    for (const Publication* publication : participant.publications().published()) {
      // Only a voice makes a speaker, as at LiveKit: no shared screen, nothing unnamed.
      if (publication->info().source() == ::livekit::MICROPHONE && !publication->info().muted())
        loudest = std::max(loudest, room_.media().audio_level(publication->sid()));
    }
    if (simulated_.contains(participant.sid())) loudest = 1;
    if (loudest > 0 && !participant.is_hidden()) levels[participant.sid()] = loudest;
  });
  return levels;
}

void RoomReports::poll_speakers() {
  speaker_timer_.reset();
  const Timestamp now = room_.timers().now();
  std::erase_if(simulated_, [&](const auto& entry) { return entry.second <= now; });
  const auto changes = speakers_.update(levels());
  if (!changes.empty()) {
    room_.for_each_participant([&](Participant& participant) {
      ::livekit::SignalResponse response;
      for (const Speakers::Change& change : changes) {
        if (hears_of(participant, change.participant))
          add_speaker(change.participant, change.level, response);
      }
      if (response.speakers_changed().speakers_size() > 0) participant.send(response);
    });
  }
  if (!room_.tracks().empty() || !simulated_.empty() || !speakers_.quiet()) start();
}

double RoomReports::worst_score(Participant& participant, std::map<TrackKey, TrackQuality>& seen) {
  double worst = 100;
  const auto rate = [&](const Publication& publication, const StreamStats& streams, bool silent) {
    if (streams.empty()) return;
    const TrackKey key{participant.sid(), publication.sid()};
    const auto old = tracks_.find(key);
    TrackQuality quality = old == tracks_.end() ? TrackQuality(publication.kind()) : old->second;
    worst = std::min(worst, quality.update(streams, silent || publication.info().muted()));
    seen.emplace(key, quality);
  };
  const MediaReport report = participant.media().report();
  for (const Publication* publication : participant.publications().published())
    rate(*publication, report.received_streams(publication->sid()), false);
  for (const TrackId& track : participant.subscriptions().active()) {
    const Publication* publication = room_.find_track(track);
    if (!publication) continue;
    const SentTrack* sent = report.sent(track);
    // What the publisher does not send is not the subscriber's loss.
    if (sent) rate(*publication, {{track, sent->stats}}, !room_.media().receiving(track));
  }
  return worst;
}

void RoomReports::poll_quality() {
  quality_timer_.reset();
  std::map<TrackKey, TrackQuality> seen;
  std::vector<ParticipantId> changed;
  room_.for_each_participant([&](Participant& participant) {
    if (!participant.is_active()) return;
    Scored& scored = quality_[participant.sid()];
    scored.score = worst_score(participant, seen);
    const auto quality = quality_of(scored.score);
    if (std::exchange(scored.quality, quality) != quality || !scored.told)
      changed.push_back(participant.sid());
    scored.told = true;
  });
  tracks_ = std::move(seen);
  room_.for_each_participant([&](Participant& participant) {
    ::livekit::SignalResponse response;
    for (const ParticipantId& about : changed) {
      const Scored& scored = quality_[about];
      if (hears_of(participant, about))
        add_quality(about, scored.score, scored.quality, participant, response);
    }
    if (response.connection_quality().updates_size() > 0) participant.send(response);
  });
  if (!room_.tracks().empty()) start();
}

void RoomReports::introduce(Participant& publisher, Participant& subscriber) {
  if (const float level = speakers_.level(publisher.sid()); level > 0) {
    ::livekit::SignalResponse response;
    add_speaker(publisher.sid(), level, response);
    subscriber.send(response);
  }
  if (const auto scored = quality_.find(publisher.sid()); scored != quality_.end()) {
    ::livekit::SignalResponse response;
    add_quality(publisher.sid(), scored->second.score, scored->second.quality, subscriber,
                response);
    subscriber.send(response);
  }
}

void RoomReports::take_leave(Participant& publisher, Participant& subscriber) {
  if (speakers_.level(publisher.sid()) <= 0) return;
  ::livekit::SignalResponse response;
  add_speaker(publisher.sid(), 0, response);
  subscriber.send(response);
}

void RoomReports::forget(const ParticipantId& participant) {
  quality_.erase(participant);
  simulated_.erase(participant);
}

std::optional<RoomReports::Scored> RoomReports::quality(const ParticipantId& participant) const {
  const auto found = quality_.find(participant);
  if (found == quality_.end() || !found->second.told) return std::nullopt;
  return found->second;
}

void RoomReports::simulate_speaker(const ParticipantId& participant, Duration duration) {
  simulated_[participant] = room_.timers().now() + duration;
  start();
}

}  // namespace gstlk::room
