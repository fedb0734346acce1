// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/room_tiles.h"

#include "plugins/livekit/track_selection.h"

namespace gstlk::client {

namespace {

// What stands for the participant: a camera, or what has not said that it is something else.
const ::livekit::TrackInfo* camera_of(const ::livekit::ParticipantInfo& who) {
  const ::livekit::TrackInfo* found = nullptr;
  for (const auto& track : who.tracks()) {
    if (track.type() != ::livekit::VIDEO) continue;
    if (track.source() == ::livekit::CAMERA) return &track;
    if (track.source() == ::livekit::UNKNOWN && !found) found = &track;
  }
  return found;
}

void set_video(RoomTile& tile, const ::livekit::TrackInfo& track) {
  tile.track_sid = track.sid();
  if (is_encrypted(track)) return;
  tile.layout.has_video = true;
  tile.layout.muted = track.muted();
  if (track.width() > 0 && track.height() > 0)
    tile.layout.aspect = static_cast<double>(track.width()) / track.height();
}

uint64_t joined_at(const ::livekit::ParticipantInfo& who) {
  const int64_t at = who.joined_at_ms() ? who.joined_at_ms() : who.joined_at() * 1000;
  return static_cast<uint64_t>(at);
}

bool may_publish(const ::livekit::ParticipantInfo& who) {
  return !who.has_permission() || who.permission().can_publish() || who.tracks_size() > 0;
}

}  // namespace

bool TileSelection::wants(const ::livekit::ParticipantInfo& who) const {
  return matches(include, who.identity()) && (exclude.empty() || !matches(exclude, who.identity()));
}

void RoomTiles::handle_speakers(const ::livekit::SpeakersChanged& changed,
                                const livekit::RoomState& room, Timestamp now) {
  for (const auto& speaker : changed.speakers()) {
    const auto* who = room.participant_by_sid(speaker.sid());
    if (!who) continue;
    Speaker& known = speakers_[who->identity()];
    known.last = now;
    if (!speaker.active())
      known.since.reset();
    else if (!known.since)
      known.since = now;
  }
  // Not everybody who ever was there.
  std::erase_if(speakers_,
                [&](const auto& known) { return !room.participants().contains(known.first); });
}

void RoomTiles::add_tiles(const ::livekit::ParticipantInfo& who, Timestamp now,
                          std::vector<RoomTile>& tiles) const {
  const std::string& name = who.name().empty() ? who.identity() : who.name();
  const ::livekit::TrackInfo* const camera = camera_of(who);
  RoomTile main{.name = name};
  main.layout.id = who.identity();
  main.layout.joined_order = joined_at(who);
  if (const auto it = speakers_.find(who.identity()); it != speakers_.end()) {
    main.layout.speaking_since = it->second.since;
    main.layout.last_spoke = it->second.since ? now : it->second.last;
  }
  if (camera) set_video(main, *camera);
  tiles.push_back(std::move(main));

  for (const auto& track : who.tracks()) {
    if (track.type() != ::livekit::VIDEO || &track == camera) continue;
    RoomTile more;
    more.layout.id = track.sid();
    more.layout.is_screen_share = track.source() == ::livekit::SCREEN_SHARE;
    more.layout.joined_order = joined_at(who);
    more.name = name + " (" +
                (more.layout.is_screen_share ? "screen"
                 : track.name().empty()      ? "video"
                                             : track.name()) +
                ")";
    set_video(more, track);
    tiles.push_back(std::move(more));
  }
}

std::vector<RoomTile> RoomTiles::tiles(const livekit::RoomState& room, Timestamp now) const {
  std::vector<RoomTile> tiles;
  for (const auto& [identity, who] : room.participants())
    if (selection_.wants(who) && may_publish(who)) add_tiles(who, now, tiles);
  return tiles;
}

}  // namespace gstlk::client
