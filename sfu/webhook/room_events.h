// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "room/room_listener.h"

namespace gstlk::webhook {

class Notifier;

// What happens in the rooms as LiveKit's webhook events: room_started, room_finished,
// participant_joined (at ACTIVE), participant_left, participant_connection_aborted (left before
// that), track_published and track_unpublished. Main thread only.
class RoomEvents : public room::RoomListener {
 public:
  // `full_rooms`: events of tracks have all of the room instead of its sid and name.
  RoomEvents(Notifier& notifier, bool full_rooms);  // `notifier` outlives this

  void on_room_started(const room::Room& room) override;
  void on_room_finished(const room::Room& room) override;
  void on_participant_active(const room::Participant& participant) override;
  void on_participant_left(const room::Participant& participant) override;
  void on_track_published(const room::Publication& publication) override;
  void on_track_unpublished(const room::Publication& publication) override;

 private:
  void tell_room(const char* event, const room::Room& room);
  void tell_participant(const char* event, const room::Participant& participant);
  void tell_track(const char* event, const room::Publication& publication);

  Notifier& notifier_;
  const bool full_rooms_;
};

}  // namespace gstlk::webhook
