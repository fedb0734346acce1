// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace livekit {
class DataStream_Header;
}

namespace gstlk::room {

class Participant;
class Publication;
class Room;

// A step of a participant towards receiving a track, or back. Each request succeeds, fails or is
// cancelled; what has succeeded ends.
struct SubscriptionEvent {
  enum class Step : uint8_t { Requested, Succeeded, Failed, Cancelled, Ended };
  Step step;
  const Participant& subscriber;
  const TrackId& track;
  const Publication* publication = nullptr;  // null: there is none, or it has ended
  Duration took{};                           // Succeeded: since it was requested
  uint32_t times = 0;                        // Succeeded: for the how manieth time
  const char* error = "";                    // Failed
};

// A text or byte stream begins.
struct DataStreamEvent {
  const ::livekit::DataStream_Header& header;
  size_t destinations;  // that it names; 0: all
};

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
  // Its client asked to publish it, and: it ends before on_track_published was told.
  virtual void on_track_requested(const Publication&) {}
  virtual void on_track_cancelled(const Publication&) {}
  virtual void on_subscription(const SubscriptionEvent&) {}
  virtual void on_data_stream(const DataStreamEvent&) {}
  // Its descriptions were of no use.
  virtual void on_negotiation_failed(const Participant&) {}
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
