// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/track_registry.h"

#include "plugins/sfu/router_track.h"

namespace gstlk::sfu {

std::shared_ptr<RouterTrack> TrackRegistry::find_or_add(const std::string& id) {
  MutexLock lock(mutex_);
  std::shared_ptr<RouterTrack>& track = tracks_[id];
  if (!track) track = std::make_shared<RouterTrack>(id, audio_level_settings_);
  return track;
}

void TrackRegistry::drop_unused(const std::string& id) {
  MutexLock lock(mutex_);
  const auto found = tracks_.find(id);
  // Pads and ports hold it as well.
  if (found != tracks_.end() && found->second.use_count() == 1 && !found->second->has_sinks()) {
    tracks_.erase(found);
  }
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
