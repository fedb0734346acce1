// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

namespace gstlk::room {

class Participant;
class Publication;
class Room;

// What happens in the rooms, for those outside who have to know: webhooks, and whoever else starts
// something when a room does. Told in the order in which it happens, with the state after it; what
// is needed later has to be copied, and no room may be changed from inside. Main thread only.
class RoomListener {
 public:
  virtual ~RoomListener() = default;
  // With the configuration that it was made with.
  virtual void on_room_started(const Room&) {}
  // Everybody has left; find() does not know it any more.
  virtual void on_room_finished(const Room&) {}
  // The join response is out; its media is not connected yet. Not after a resume.
  virtual void on_participant_joined(const Participant&) {}
  // Its media is connected. Once for each participant, not after a resume.
  virtual void on_participant_active(const Participant&) {}
  // Its name, metadata, attributes or permissions, one of its tracks, or whom it lets subscribe.
  virtual void on_participant_changed(const Participant&) {}
  // After its tracks. Participant::was_active() tells whether on_participant_active() came before.
  virtual void on_participant_left(const Participant&) {}
  // While their publisher is active or leaves: one that is offered with the join is told after
  // on_participant_active, and never if that does not come.
  virtual void on_track_published(const Publication&) {}
  virtual void on_track_unpublished(const Publication&) {}
};

// All who listen, which outlive the rooms.
class RoomListeners {
 public:
  void add(RoomListener& listener) { listeners_.push_back(&listener); }
  template <class Subject>
  void tell(void (RoomListener::*event)(const Subject&), const Subject& subject) const {
    for (RoomListener* listener : listeners_) (listener->*event)(subject);
  }

 private:
  std::vector<RoomListener*> listeners_;
};

}  // namespace gstlk::room
