// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "rtp/audio_level_observer.h"

namespace gstlk::sfu {

class RouterTrack;

// The tracks of one sfu-router by their names. A track is there from the first pad that names it,
// on either side, until none does: pads own it. Thread-safe.
class TrackRegistry {
 public:
  std::shared_ptr<RouterTrack> find_or_add(const std::string& id) EXCLUDES(mutex_);

  // For tracks that come from then on.
  void set_audio_level_settings(const rtp::AudioLevelSettings& settings) EXCLUDES(mutex_);
  rtp::AudioLevelSettings audio_level_settings() const EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  rtp::AudioLevelSettings audio_level_settings_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::weak_ptr<RouterTrack>> tracks_ GUARDED_BY(mutex_);
};

}  // namespace gstlk::sfu
