// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "livekit_models.pb.h"
#include "livekit_rtc.pb.h"

namespace gstlk::livekit {

enum class RoomChangeKind : uint8_t {
  ParticipantJoined,
  ParticipantUpdated,  // name, metadata, attributes or permission
  ParticipantLeft,
  TrackPublished,
  TrackUpdated,  // muted, size, name
  TrackUnpublished,
};

const char* to_string(RoomChangeKind kind);

// One thing that became different. `track` is set for the changes of tracks. Of somebody who left
// `participant` has the disconnect reason that the server gave.
struct RoomChange {
  RoomChangeKind kind = RoomChangeKind::ParticipantJoined;
  ::livekit::ParticipantInfo participant;
  ::livekit::TrackInfo track;
};

// Who is in the room besides ourselves and what they publish, as a client knows it from
// JoinResponse and ParticipantUpdate (protocol section 10.1). Not thread-safe.
class RoomState {
 public:
  // What differs from before: nothing of a person who stayed while we came back.
  std::vector<RoomChange> join(const ::livekit::JoinResponse& join);
  std::vector<RoomChange> update(const ::livekit::ParticipantUpdate& update);
  void update(const ::livekit::RoomUpdate& update) { room_ = update.room(); }
  // Everybody has left; for the end of a session.
  std::vector<RoomChange> clear();

  const ::livekit::Room& room() const { return room_; }
  const ::livekit::ParticipantInfo& self() const { return self_; }
  // By identity.
  const std::map<std::string, ::livekit::ParticipantInfo>& participants() const {
    return participants_;
  }
  // nullptr when unknown. Ourselves too.
  const ::livekit::ParticipantInfo* participant_by_sid(std::string_view sid) const;
  // The track and who publishes it; nullptr when unknown.
  const ::livekit::TrackInfo* track(std::string_view sid,
                                    const ::livekit::ParticipantInfo** publisher = nullptr) const;

 private:
  void apply(const ::livekit::ParticipantInfo& info, std::vector<RoomChange>& changes);
  void index_tracks(const ::livekit::ParticipantInfo& before,
                    const ::livekit::ParticipantInfo& after);
  void leave(const std::string& identity, std::vector<RoomChange>& changes,
             ::livekit::DisconnectReason reason = ::livekit::UNKNOWN_REASON);

  ::livekit::Room room_;
  ::livekit::ParticipantInfo self_;
  std::map<std::string, ::livekit::ParticipantInfo> participants_;
  // By track sid, who publishes it: an offer asks for every track of a room.
  std::map<std::string, std::string, std::less<>> publishers_;
};

}  // namespace gstlk::livekit
