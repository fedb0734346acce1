// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "livekit_rtc.pb.h"
#include "room/data_delivery.h"

namespace gstlk::room {

class Participant;
class Room;

// Data tracks: streams of frames on the _data_track channel, published and subscribed to like media
// but under 16-bit handles, each subscriber with handles of its own. A packet starts
//
//      0                   1                   2                   3
//      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//     | ver |S|F|X|rsv|   reserved    |            handle             |
//     |        sequence number        |         frame number          |
//     |                       timestamp (90 kHz)                      |
//
// and only the handle is rewritten. Left out: target_fps. Main thread only.
class DataTracks {
 public:
  explicit DataTracks(Room& room);  // which owns this

  void handle_publish(Participant& publisher, const ::livekit::PublishDataTrackRequest& request);
  void handle_unpublish(Participant& publisher,
                        const ::livekit::UnpublishDataTrackRequest& request);
  void handle_update(Participant& subscriber, const ::livekit::UpdateDataSubscription& request);
  void handle_packet(Participant& sender, ByteView packet);

  // Subscribes as desired and permitted; after a join, or when its permissions have changed.
  void reconcile(Participant& subscriber);
  // A publisher has changed who may subscribe.
  void reconcile_all();
  // The participant has left.
  void forget(Participant& participant);
  // What a participant brings along to another room.
  struct Luggage {
    std::vector<::livekit::DataTrackInfo> published;
    uint16_t last_handle = 0;  // that it was given
  };
  Luggage take(Participant& participant);
  // It is in this room now, and what it publishes is part of its info; nobody is told anything.
  void adopt(Participant& participant, const Luggage& luggage);
  // The others have heard of it.
  void on_adopted(Participant& participant);
  // What the publisher may no longer publish ends.
  void enforce_grants(const Participant& publisher);
  // The client came back and has to know its handles.
  void on_resumed(Participant& subscriber);

  // Adds what `publisher` publishes.
  void fill(const Participant& publisher, ::livekit::ParticipantInfo& info) const;
  // Whether every data track that the client thinks it publishes is there.
  bool knows(const Participant& publisher, const ::livekit::SyncState& state) const;

 private:
  using Handle = uint16_t;
  struct Track {
    ParticipantId publisher;
    ::livekit::DataTrackInfo info;
    std::map<ParticipantId, Handle> subscribers;
  };
  struct Subscriber {
    std::map<std::string, bool> wanted;  // by track sid
    std::map<Handle, std::string> handles;
    Handle last = 0;
  };
  struct Fault {
    ::livekit::RequestResponse::Reason reason;
    const char* message;
  };

  std::optional<Fault> fault_of(const Participant& publisher,
                                const ::livekit::PublishDataTrackRequest& request) const;
  const Track* find(const ParticipantId& publisher, uint32_t handle) const;
  bool reconcile(Participant& subscriber, const std::string& sid, Track& track);
  void remove_subscriber(Track& track, const ParticipantId& subscriber);
  void end(const std::string& sid);
  void end_all(const ParticipantId& publisher);
  void send_handles(Participant& subscriber);
  bool assign(Subscriber& subscriber, const std::string& sid, Track& track,
              const ParticipantId& id);

  Room& room_;
  LossyDelivery delivery_;
  std::map<std::string, Track> tracks_;                             // by sid
  std::map<std::pair<ParticipantId, uint32_t>, std::string> sids_;  // by publisher's handle
  std::map<ParticipantId, Subscriber> subscribers_;
  Bytes scratch_;
};

}  // namespace gstlk::room
