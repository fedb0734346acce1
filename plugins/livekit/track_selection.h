// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "livekit_models.pb.h"

namespace gstlk::client {

// Which tracks of a room are wanted: each list of globs ("cam*", comma separated in properties) has
// to match where it is not empty.
struct TrackSelection {
  std::vector<std::string> participants;  // identities
  std::vector<std::string> tracks;        // names
  std::vector<std::string> sources;       // "camera", "microphone", "screen_share", ...
  bool audio = true;
  bool video = true;

  bool wants(const ::livekit::ParticipantInfo& who, const ::livekit::TrackInfo& track) const;
};

// By keys that the server does not have, nor do we: its media is what it is only to who has them.
inline bool is_encrypted(const ::livekit::TrackInfo& track) {
  return track.encryption() != ::livekit::Encryption::NONE;
}

// No glob at all matches everything.
bool matches(const std::vector<std::string>& globs, const std::string& text);
std::vector<std::string> split_list(const std::string& text);
std::string join_list(const std::vector<std::string>& list);

}  // namespace gstlk::client
