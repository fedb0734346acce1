// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <vector>

#include "base/ids.h"

namespace gstlk::room {

// Who speaks and how loud (LiveKit's SpeakersChanged): levels are rounded up to eighths, and only
// changes are told. Levels are linear, 0 to 1, and smooth already (RoomMedia::audio_level()): to
// smooth them again would keep who is silent a speaker for another second. Not thread-safe.
class Speakers {
 public:
  explicit Speakers(uint8_t active_level);  // -dBov

  struct Change {
    ParticipantId participant;
    float level = 0;  // 0: does not speak any more
  };

  // One interval is over; `levels` has everybody who was heard in it. Loudest first.
  std::vector<Change> update(const std::map<ParticipantId, double>& levels);
  // 0 for who does not speak.
  float level(const ParticipantId& participant) const;
  bool quiet() const { return told_.empty(); }

 private:
  const double active_;                  // linear
  std::map<ParticipantId, float> told_;  // of those who speak
};

}  // namespace gstlk::room
