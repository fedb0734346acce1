// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "room/errors.h"
#include "room/room_listener.h"
#include "room/timers.h"

namespace gstlk::room {

class RoomRegistry;

// ForwardParticipant: participants that are seen and heard in other rooms too. Such a room has a
// participant of its own, of the kind detail FORWARDED, with the identity, profile and tracks of
// the source; what changes there changes here on the next turn of the loop. Its media goes from
// pipeline to pipeline and is received once; what is wanted of a track in either room is asked of
// its publisher. It ends when the source leaves its room, or when the forwarded participant is
// removed, which the source does not notice. Data stays in the source's room. Main thread only.
class Forwards : public RoomListener {
 public:
  // `rooms` and `timers` outlive it.
  Forwards(RoomRegistry& rooms, Timers& timers) : rooms_(rooms), timers_(timers) {}

  Result<void, ApiError> check(const Participant& source) const;
  // What check() allows, if there is a place in `to`. Who has the same identity there leaves.
  void start(Participant& source, Room& to);

  void on_participant_changed(const Participant& participant) override;
  void on_participant_left(const Participant& participant) override;

 private:
  struct Place {
    RoomName room;
    ParticipantId sid;
  };

  Participant* find(const Place& place) const;
  void mirror(Participant& source);
  void settle();

  RoomRegistry& rooms_;
  Timers& timers_;
  std::map<ParticipantId, std::vector<Place>> forwarded_;  // by source
  // What has to be done when no room is in the middle of something.
  std::map<ParticipantId, RoomName> changed_;
  std::vector<Place> ended_;
  std::unique_ptr<Timer> turn_;
};

}  // namespace gstlk::room
