// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "livekit_agent_dispatch.pb.h"
#include "livekit_rtc.pb.h"
#include "room/data_relay.h"
#include "room/data_tracks.h"
#include "room/errors.h"
#include "room/ice_fallback.h"
#include "room/leave.h"
#include "room/media.h"
#include "room/participant_media.h"
#include "room/participant_updates.h"
#include "room/room_listener.h"
#include "room/room_reports.h"
#include "room/rpc_calls.h"
#include "room/settings.h"
#include "room/timers.h"

namespace gstlk::room {

class Participant;
class Publication;
class SignalLink;
struct JoinDetails;

// Why a join was answered with leave instead of a place in the room.
enum class JoinRefusal : uint8_t { RoomFull };

// One room: who is in it, which tracks there are, and who has to hear what. It decides; packets are
// forwarded by its RoomMedia. Main thread only.
class Room {
 public:
  // `settings`, `timers` and `listeners` outlive the room.
  Room(RoomName name, const Settings& settings, Timers& timers, RandomSource random,
       std::unique_ptr<RoomMedia> media, const RoomListeners& listeners);
  ~Room();

  const RoomName& name() const { return name_; }
  const RoomId& sid() const { return sid_; }
  const Settings& settings() const { return settings_; }
  Timers& timers() const { return timers_; }
  RandomSource random() const { return random_; }
  // What the frames that the server makes for encrypted tracks end with; the same for everybody.
  const std::string& sif_trailer() const { return sif_trailer_; }
  const RoomListeners& listeners() const { return listeners_; }
  RoomMedia& media() { return *media_; }
  DataRelay& data() { return data_; }
  DataTracks& data_tracks() { return data_tracks_; }
  RoomReports& reports() { return reports_; }
  RpcCalls& rpc() { return rpc_; }
  IceMemory& ice_memory() { return ice_memory_; }
  ::livekit::Room info() const;

  // CreateRoomRequest, or RoomConfiguration of the token of the first join; zero and empty change
  // nothing.
  template <class Message>
  void configure(const Message& wanted);
  // Tracks of one publisher's stream are played in step; LiveKit's stream ids say so.
  bool syncs_streams() const { return sync_streams_; }
  // Empty: it is left to the receivers.
  const std::optional<PlayoutDelay>& playout_delay() const { return playout_delay_; }
  // Which agents the room starts with.
  const std::vector<::livekit::RoomAgentDispatch>& agents() const { return agents_; }
  void set_metadata(const std::string& metadata);

  // Who has the same identity leaves. The caller sends the join response, then calls admit().
  Result<Participant*, JoinRefusal> join(JoinDetails details, SignalLink& link,
                                         const ParticipantMediaFactory& media);
  // The join response is out: the others hear of the participant, and it gets what it wants.
  void admit(Participant& participant);
  // The reconnect response is out.
  void admit_again(Participant& participant, Timestamp signal_lost);
  void remove(Participant& participant, const Leave& leave);
  // MoveParticipant: takes `participant` over from the room that it is in, with its connections and
  // what it publishes. There has to be a place for it. Whoever has its identity here leaves.
  void take_over(Participant& participant);
  bool is_full_for(const Participant& participant) const;
  // ForwardParticipant: without a client of its own, and active at once. There has to be a place
  // for it. Whoever has its identity here leaves.
  Participant& add_forwarded(JoinDetails details, std::unique_ptr<ParticipantMedia> media);
  // Everybody goes.
  void close(const Leave& leave);

  Participant* find(const ParticipantIdentity& identity) const;
  Participant* find(const ParticipantId& sid) const;
  Publication* find_track(const TrackId& sid) const;
  std::vector<TrackId> tracks() const;
  // Must not add or remove participants.
  void for_each_participant(const std::function<void(Participant&)>& visit) const;
  bool has_participants() const;                                     // that count
  size_t participant_count() const { return participants_.size(); }  // recorders too
  // Empty for longer than its timeouts allow.
  bool is_expired(Timestamp now) const;

  void reconcile(const TrackId& track);
  // The publisher sends it as more or fewer codecs than before.
  void on_codecs_changed(Publication& publication);

  // Told by participants and their parts.
  void on_active(Participant& participant);
  void on_published(Publication& publication);
  void on_unpublished(Publication& publication);
  void on_track_changed(Publication& publication);
  void on_profile_changed(Participant& participant);
  // Somebody is a recorder or an agent now, or is none any more, or has left.
  void on_roles_changed();
  // Whom it lets subscribe.
  void on_permissions_changed(Participant& participant);
  void on_subscribed(Participant& subscriber, Participant& publisher);
  void on_unsubscribed(Participant& subscriber, Participant& publisher);

 private:
  using Urgency = ParticipantUpdates::Urgency;

  bool is_full(const Participant* replaced, bool dependent) const;
  Participant& add(JoinDetails details, const ParticipantMediaFactory& media);
  std::unique_ptr<Participant> let_go(Participant& participant);
  void after_departure(Participant& participant);
  void send_room_update();
  void counts_changed();
  void note_emptiness();
  void bury(std::unique_ptr<Participant> participant);

  const RoomName name_;
  const RoomId sid_;
  const Settings& settings_;
  Timers& timers_;
  const RandomSource random_;
  const std::string sif_trailer_;
  const RoomListeners& listeners_;
  const int64_t created_at_;  // Unix microseconds

  Duration empty_timeout_;
  Duration departure_timeout_;
  uint32_t max_participants_;
  std::string metadata_;
  bool sync_streams_;
  std::optional<PlayoutDelay> playout_delay_;
  bool active_recording_ = false;
  std::vector<::livekit::RoomAgentDispatch> agents_;

  Timestamp empty_since_;
  bool was_used_ = false;

  // Outlives the participants, whose transports are in it.
  std::unique_ptr<RoomMedia> media_;
  DataRelay data_;
  DataTracks data_tracks_;
  ParticipantUpdates updates_;
  RoomReports reports_;
  RpcCalls rpc_;
  IceMemory ice_memory_;
  std::map<TrackId, Publication*> tracks_;  // published ones
  std::map<ParticipantIdentity, std::unique_ptr<Participant>> participants_;
  std::map<ParticipantId, Participant*> by_sid_;
  // Participants that left, freed on the next turn of the loop because one of their own calls may
  // be running.
  std::vector<std::unique_ptr<Participant>> buried_;
  std::unique_ptr<Timer> burial_;
  std::unique_ptr<Timer> counts_timer_;
};

}  // namespace gstlk::room
