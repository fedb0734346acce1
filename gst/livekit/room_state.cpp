// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit/room_state.h"

#include <algorithm>
#include <set>

namespace gstlk::livekit {

namespace {

const ::livekit::TrackInfo* find_track(const ::livekit::ParticipantInfo& participant,
                                       std::string_view sid) {
  const auto& tracks = participant.tracks();
  const auto it =
      std::ranges::find_if(tracks, [sid](const auto& track) { return track.sid() == sid; });
  return it == tracks.end() ? nullptr : &*it;
}

bool same(const google::protobuf::MessageLite& a, const google::protobuf::MessageLite& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

bool is_same_attributes(const ::livekit::ParticipantInfo& a, const ::livekit::ParticipantInfo& b) {
  return std::ranges::all_of(a.attributes(),
                             [&b](const auto& entry) {
                               const auto it = b.attributes().find(entry.first);
                               return it != b.attributes().end() && it->second == entry.second;
                             }) &&
         a.attributes_size() == b.attributes_size();
}

// Of what an application can see; state and version change by themselves.
bool is_same_person(const ::livekit::ParticipantInfo& a, const ::livekit::ParticipantInfo& b) {
  return a.sid() == b.sid() && a.name() == b.name() && a.metadata() == b.metadata() &&
         is_same_attributes(a, b) && same(a.permission(), b.permission());
}

void compare_tracks(const ::livekit::ParticipantInfo& before,
                    const ::livekit::ParticipantInfo& after, std::vector<RoomChange>& changes) {
  for (const auto& track : before.tracks())
    if (!find_track(after, track.sid()))
      changes.push_back({RoomChangeKind::TrackUnpublished, after, track});
  for (const auto& track : after.tracks()) {
    const ::livekit::TrackInfo* old = find_track(before, track.sid());
    if (!old)
      changes.push_back({RoomChangeKind::TrackPublished, after, track});
    else if (!same(*old, track))
      changes.push_back({RoomChangeKind::TrackUpdated, after, track});
  }
}

}  // namespace

const char* to_string(RoomChangeKind kind) {
  switch (kind) {
    case RoomChangeKind::ParticipantJoined:
      return "participant-joined";
    case RoomChangeKind::ParticipantUpdated:
      return "participant-updated";
    case RoomChangeKind::ParticipantLeft:
      return "participant-left";
    case RoomChangeKind::TrackPublished:
      return "track-published";
    case RoomChangeKind::TrackUpdated:
      return "track-updated";
    case RoomChangeKind::TrackUnpublished:
      return "track-unpublished";
  }
  return "";
}

std::vector<RoomChange> RoomState::join(const ::livekit::JoinResponse& join) {
  std::vector<RoomChange> changes;
  room_ = join.room();
  self_ = join.participant();
  std::set<std::string> present;
  for (const auto& info : join.other_participants()) {
    present.insert(info.identity());
    apply(info, changes);
  }
  std::vector<std::string> gone;
  for (const auto& [identity, info] : participants_)
    if (!present.contains(identity)) gone.push_back(identity);
  for (const std::string& identity : gone) leave(identity, changes);
  return changes;
}

std::vector<RoomChange> RoomState::update(const ::livekit::ParticipantUpdate& update) {
  std::vector<RoomChange> changes;
  for (const auto& info : update.participants()) {
    if (info.sid() == self_.sid() || info.identity() == self_.identity()) {
      // The end of a session of ours that was replaced is not news.
      if (info.sid() == self_.sid()) self_ = info;
    } else {
      apply(info, changes);
    }
  }
  return changes;
}

std::vector<RoomChange> RoomState::clear() {
  std::vector<RoomChange> changes;
  while (!participants_.empty()) leave(std::string(participants_.begin()->first), changes);
  return changes;
}

void RoomState::apply(const ::livekit::ParticipantInfo& info, std::vector<RoomChange>& changes) {
  const auto it = participants_.find(info.identity());
  if (info.state() == ::livekit::ParticipantInfo::DISCONNECTED) {
    // Of an earlier session of somebody who is back already: nothing changes.
    if (it != participants_.end() && it->second.sid() == info.sid())
      leave(info.identity(), changes, info.disconnect_reason());
    return;
  }
  if (it == participants_.end()) {
    changes.push_back({RoomChangeKind::ParticipantJoined, info, {}});
    compare_tracks({}, info, changes);
    index_tracks({}, info);
    participants_.emplace(info.identity(), info);
    return;
  }
  ::livekit::ParticipantInfo& known = it->second;
  if (known.sid() == info.sid() && info.version() < known.version()) return;
  if (!is_same_person(known, info))
    changes.push_back({RoomChangeKind::ParticipantUpdated, info, {}});
  compare_tracks(known, info, changes);
  index_tracks(known, info);
  known = info;
}

void RoomState::index_tracks(const ::livekit::ParticipantInfo& before,
                             const ::livekit::ParticipantInfo& after) {
  // Not what somebody else has published under the same sid since.
  for (const auto& track : before.tracks())
    if (const auto it = publishers_.find(track.sid());
        it != publishers_.end() && it->second == before.identity())
      publishers_.erase(it);
  for (const auto& track : after.tracks()) publishers_[track.sid()] = after.identity();
}

void RoomState::leave(const std::string& identity, std::vector<RoomChange>& changes,
                      ::livekit::DisconnectReason reason) {
  const auto it = participants_.find(identity);
  ::livekit::ParticipantInfo info = it->second;
  info.set_disconnect_reason(reason);
  participants_.erase(it);
  index_tracks(info, {});
  for (const auto& track : info.tracks())
    changes.push_back({RoomChangeKind::TrackUnpublished, info, track});
  changes.push_back({RoomChangeKind::ParticipantLeft, info, {}});
}

const ::livekit::ParticipantInfo* RoomState::participant_by_sid(std::string_view sid) const {
  if (self_.sid() == sid) return &self_;
  for (const auto& [identity, info] : participants_)
    if (info.sid() == sid) return &info;
  return nullptr;
}

const ::livekit::TrackInfo* RoomState::track(std::string_view sid,
                                             const ::livekit::ParticipantInfo** publisher) const {
  const auto indexed = publishers_.find(sid);
  if (indexed == publishers_.end()) return nullptr;
  const auto& info = participants_.at(indexed->second);
  if (publisher) *publisher = &info;
  return find_track(info, sid);
}

}  // namespace gstlk::livekit
