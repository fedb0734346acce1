// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/track_identity.h"

#include <glib.h>

#include <algorithm>

namespace gstlk::client {

std::string source_name(::livekit::TrackSource source) {
  gchar* lower = g_ascii_strdown(::livekit::TrackSource_Name(source).c_str(), -1);
  std::string name = lower;
  g_free(lower);
  return name;
}

std::string to_string(const TrackIdentity& track) {
  std::string text =
      track.identity + "/" + ::livekit::TrackSource_Name(track.source) + "/" + track.name;
  if (track.twin > 0) text += "/" + std::to_string(track.twin);
  return text;
}

TrackIdentity TrackIdentities::of(const ::livekit::ParticipantInfo& who,
                                  const ::livekit::TrackInfo& track) {
  const auto known = by_sid_.find(track.sid());
  if (known != by_sid_.end()) return known->second.track;
  TrackIdentity made{who.identity(), track.name(), track.source(),
                     track.type() == ::livekit::AUDIO ? MediaKind::Audio : MediaKind::Video};
  const auto taken = [&] {
    return std::ranges::any_of(by_sid_, [&](const auto& entry) {
      return entry.second.participant_sid == who.sid() && entry.second.track == made;
    });
  };
  while (taken()) ++made.twin;
  by_sid_.emplace(track.sid(), Known{made, who.sid()});
  return made;
}

}  // namespace gstlk::client
