// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <map>
#include <string>

#include "livekit_models.pb.h"
#include "plugins/livekit/codec.h"

namespace gstlk::client {

// Whose track it is and which, as long as the person stays the same: not the sid, which another
// session of theirs changes.
struct TrackIdentity {
  std::string identity;
  std::string name;
  ::livekit::TrackSource source = ::livekit::UNKNOWN;
  MediaKind kind = MediaKind::Video;
  // Among the tracks of a participant that have the rest in common, which LiveKit allows.
  unsigned twin = 0;
  auto operator<=>(const TrackIdentity&) const = default;
};

// "identity/CAMERA/name", with "/1" and so on for the twins of a track: each is another.
std::string to_string(const TrackIdentity& track);

// "camera", "screen_share" and so on.
std::string source_name(::livekit::TrackSource source);

// What the tracks of a room are called while they are published. The first of twins to be asked for
// has the number 0; the number of one that is forgotten is the next one's. Who comes with a new
// session while the old one is still known has the same tracks.
class TrackIdentities {
 public:
  TrackIdentity of(const ::livekit::ParticipantInfo& who, const ::livekit::TrackInfo& track);
  void forget(const std::string& track_sid) { by_sid_.erase(track_sid); }
  void clear() { by_sid_.clear(); }

 private:
  struct Known {
    TrackIdentity track;
    std::string participant_sid;  // of one session of the participant
  };
  std::map<std::string, Known> by_sid_;
};

}  // namespace gstlk::client
