// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "livekit_rtc.pb.h"
#include "room/timers.h"

namespace gstlk::room {

class Participant;
class Room;

// Who is in the room, told to everybody (ParticipantUpdate): at once where somebody may be waiting
// for it, else in batches, which are the rarer the larger the room is, up to three seconds, so that
// an audience that arrives together costs one message per listener and not one per pair. Main
// thread only.
class ParticipantUpdates {
 public:
  explicit ParticipantUpdates(Room& room);  // which owns this

  enum class Urgency : uint8_t { Now, Batched };
  // Everybody who is connected, the participant itself too.
  void announce(Participant& about, Urgency urgency);
  // It joined again: only clients that go by the sid hear of the old one.
  void announce_replaced(Participant& about);
  // All that a client which comes back has to know: who left since `since`, then everybody.
  void send_all(Participant& to, Timestamp since);

 private:
  struct Departure {
    Timestamp at;
    ::livekit::ParticipantInfo info;  // what a client needs to take it away
  };
  void note_departure(const ::livekit::ParticipantInfo& info);
  void forget_old_departures();
  bool is_here_again(const ::livekit::ParticipantInfo& gone, const Participant& to) const;
  // Nothing will be told of that sid any more.
  void forget(const ParticipantId& gone);
  // To clients that go by the sid.
  void send_replaced(const ::livekit::ParticipantInfo& info);
  void send_now(Participant& about, const ::livekit::ParticipantInfo& info);
  void flush();

  Room& room_;
  // The newest session of each identity.
  std::map<ParticipantIdentity, ::livekit::ParticipantInfo> batch_;
  std::deque<Departure> departed_;
  std::unique_ptr<Timer> flush_timer_;
};

// Splits `infos` so that no message is much larger than `target` bytes.
std::vector<::livekit::SignalResponse> update_messages(
    std::vector<::livekit::ParticipantInfo> infos, size_t target);

}  // namespace gstlk::room
