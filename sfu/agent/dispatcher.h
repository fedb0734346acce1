// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>

#include "agent/dispatch_control.h"
#include "agent/job_board.h"
#include "base/ids.h"
#include "livekit_agent_dispatch.pb.h"
#include "room/room_listener.h"

namespace gstlk::room {
class RoomRegistry;
}  // namespace gstlk::room

namespace gstlk::agent {

struct DispatcherSettings {
  double target_load = 0.7;
  // What jobs say that agents may keep.
  bool enable_recording = false;
  bool enable_redaction = false;
};

// Which agents each room has asked for, and the jobs that came of it. A room starts with the
// dispatches of its configuration, or with one for every worker without a name when it has none;
// more come and go through AgentDispatchService. Each dispatch has a job for the room, one for
// everybody who joins and one for whoever publishes first, as far as workers of that kind are there
// at that moment, or register in the half minute after it. Agents and recorders are no reason for a
// job. An agent that leaves the room ends its job; who leaves it to a participant's job to end when
// the participant goes is the agent, as with LiveKit. Main thread only.
class Dispatcher : public room::RoomListener, public DispatchControl, private JobListener {
 public:
  // `rooms` and `timers` outlive it; it has to be added to the rooms' listeners.
  Dispatcher(DispatcherSettings settings, room::RoomRegistry& rooms, room::Timers& timers,
             RandomSource random, TokenSigner sign);

  JobBoard& board() { return board_; }

  Result<::livekit::AgentDispatch, room::ApiError> create_dispatch(
      const ::livekit::CreateAgentDispatchRequest& request, const std::string& request_id) override;
  Result<::livekit::AgentDispatch, room::ApiError> delete_dispatch(
      const ::livekit::DeleteAgentDispatchRequest& request) override;
  Result<::livekit::ListAgentDispatchResponse, room::ApiError> list_dispatch(
      const ::livekit::ListAgentDispatchRequest& request) override;

  void on_room_started(const room::Room& room) override;
  void on_room_finished(const room::Room& room) override;
  void on_participant_joined(const room::Participant& participant) override;
  void on_participant_left(const room::Participant& participant) override;
  void on_track_published(const room::Publication& publication) override;

 private:
  // For what there has been a job: the dispatch, its kind, the namespace and the participant.
  using Launch = std::tuple<std::string, ::livekit::JobType, std::string, std::string>;
  struct RoomState {
    std::map<std::string, ::livekit::AgentDispatch> dispatches;  // by id
    std::map<std::string, std::string> jobs;                     // by the agent's identity
    std::set<ParticipantId> publishers;
    std::set<Launch> launched;
  };

  void on_job_changed(const ::livekit::Job& job) override;
  void on_job_refused(const ::livekit::Job& job) override;
  void on_worker_registered(const WorkerKey& key) override;
  bool is_agent_present(const ::livekit::Job& job) const override;

  ::livekit::AgentDispatch& add(RoomState& state, ::livekit::AgentDispatch dispatch);
  static Launch launch_of(const ::livekit::Job& job);
  // A job of that dispatch in each namespace that has workers for it and has not had it.
  void launch(const ::livekit::AgentDispatch& dispatch, ::livekit::JobType type,
              const room::Room& room, const room::Participant* participant);
  // What a worker that registers now is in time for.
  void launch_late(const ::livekit::AgentDispatch& dispatch, ::livekit::JobType type,
                   const room::Room& room);
  void launch_all(::livekit::JobType type, const room::Participant& participant);
  void launch_present(const ::livekit::AgentDispatch& dispatch, const room::Room& room);
  // Agents that were told to stop and are still there.
  void remove_later(const RoomName& room, std::set<ParticipantId> agents);

  const DispatcherSettings settings_;
  room::RoomRegistry& rooms_;
  room::Timers& timers_;
  const RandomSource random_;
  JobBoard board_;
  std::map<RoomName, RoomState> states_;
  std::map<uint64_t, std::unique_ptr<room::Timer>> removals_;
  uint64_t next_removal_ = 0;
};

}  // namespace gstlk::agent
