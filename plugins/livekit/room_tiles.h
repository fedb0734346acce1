// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "livekit/room_state.h"
#include "plugins/livekit/layout.h"

namespace gstlk::client {

// What a tile of a room shows.
struct RoomTile {
  LayoutTile layout;
  std::string name;  // for people to read
  // Of the video, whether muted or encrypted or not; empty: there is none.
  std::string track_sid;
};

// Whose tiles there are, by their identities as globs.
struct TileSelection {
  std::vector<std::string> include;  // empty: everybody
  std::vector<std::string> exclude;

  bool wants(const ::livekit::ParticipantInfo& who) const;
  bool operator==(const TileSelection&) const = default;
};

// The tiles that a room has: one for each participant, with the camera where there is one, and one
// for each further video, such as a screen. Who may not publish has none. Of a video that is
// end-to-end encrypted there is nothing to see. It remembers who spoke.
// Not thread-safe.
class RoomTiles {
 public:
  void set_selection(TileSelection selection) { selection_ = std::move(selection); }
  const TileSelection& selection() const { return selection_; }

  void handle_speakers(const ::livekit::SpeakersChanged& changed, const livekit::RoomState& room,
                       Timestamp now);
  // Nobody speaks; for a new session.
  void forget_speakers() { speakers_.clear(); }

  std::vector<RoomTile> tiles(const livekit::RoomState& room, Timestamp now) const;

 private:
  struct Speaker {
    std::optional<Timestamp> since;  // while it speaks
    Timestamp last;
  };
  void add_tiles(const ::livekit::ParticipantInfo& who, Timestamp now,
                 std::vector<RoomTile>& tiles) const;

  TileSelection selection_;
  std::map<std::string, Speaker> speakers_;  // by identity
};

}  // namespace gstlk::client
