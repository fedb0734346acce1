// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/track_registry.h"

#include "plugins/sfu/router_track.h"

namespace gstlk::sfu {

std::shared_ptr<RouterTrack> TrackRegistry::find_or_add(const std::string& id) {
  MutexLock lock(mutex_);
  if (const auto found = tracks_.find(id); found != tracks_.end()) {
    if (auto track = found->second.lock()) return track;
  }
  std::erase_if(tracks_, [](const auto& entry) { return entry.second.expired(); });
  // Not with make_shared, which would keep its memory until the name is erased.
  std::shared_ptr<RouterTrack> track(new RouterTrack(id, audio_level_settings_));
  tracks_[id] = track;
  return track;
}

void TrackRegistry::set_audio_level_settings(const rtp::AudioLevelSettings& settings) {
  MutexLock lock(mutex_);
  audio_level_settings_ = settings;
}

rtp::AudioLevelSettings TrackRegistry::audio_level_settings() const {
  MutexLock lock(mutex_);
  return audio_level_settings_;
}

}  // namespace gstlk::sfu
