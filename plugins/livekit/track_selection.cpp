// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/track_selection.h"

#include <glib.h>

#include <algorithm>

#include "plugins/livekit/track_identity.h"

namespace gstlk::client {

bool matches(const std::vector<std::string>& globs, const std::string& text) {
  return globs.empty() || std::ranges::any_of(globs, [&text](const std::string& glob) {
           return g_pattern_match_simple(glob.c_str(), text.c_str());
         });
}

bool TrackSelection::wants(const ::livekit::ParticipantInfo& who,
                           const ::livekit::TrackInfo& track) const {
  if (track.type() == ::livekit::AUDIO ? !audio : !video) return false;
  return matches(participants, who.identity()) && matches(tracks, track.name()) &&
         matches(sources, source_name(track.source()));
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> list;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find(',', begin), text.size());
    std::string item = text.substr(begin, end - begin);
    item.erase(0, item.find_first_not_of(' '));
    item.erase(item.find_last_not_of(' ') + 1);
    if (!item.empty()) list.push_back(std::move(item));
    begin = end + 1;
  }
  return list;
}

std::string join_list(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& item : list) text += (text.empty() ? "" : ",") + item;
  return text;
}

}  // namespace gstlk::client
