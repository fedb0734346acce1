// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "base/ids.h"
#include "livekit_rtc.pb.h"
#include "room/connection_quality.h"
#include "room/speakers.h"
#include "room/timers.h"

namespace gstlk::room {

class Participant;
class Room;

// What a room tells its participants regularly: who speaks (every 400 ms) and how good connections
// are (every 5 s), each to those who receive from the one it is about and to itself. Runs only
// while something is published. Main thread only.
class RoomReports {
 public:
  explicit RoomReports(Room& room);  // which owns this

  void start();
  // What a new subscriber has to know of `publisher`.
  void introduce(Participant& publisher, Participant& subscriber);
  // `subscriber` lost its last track of `publisher`.
  void take_leave(Participant& publisher, Participant& subscriber);
  void forget(const ParticipantId& participant);
  // SimulateScenario: speaks at full level until then.
  void simulate_speaker(const ParticipantId& participant, Duration duration);

  struct Scored {
    double score = 100;
    ::livekit::ConnectionQuality quality = ::livekit::EXCELLENT;
    bool told = false;
  };
  // As of the last time; nullopt before it.
  std::optional<Scored> quality(const ParticipantId& participant) const;

 private:
  using TrackKey = std::pair<ParticipantId, TrackId>;  // who sends or receives it

  void poll_speakers();
  std::map<ParticipantId, double> levels();
  void poll_quality();
  double worst_score(Participant& participant, std::map<TrackKey, TrackQuality>& seen);

  Room& room_;
  Speakers speakers_;
  std::map<ParticipantId, Timestamp> simulated_;
  std::map<ParticipantId, Scored> quality_;
  std::map<TrackKey, TrackQuality> tracks_;
  std::unique_ptr<Timer> speaker_timer_;
  std::unique_ptr<Timer> quality_timer_;
};

}  // namespace gstlk::room
