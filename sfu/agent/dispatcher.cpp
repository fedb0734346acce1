// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/dispatcher.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "agent/log.h"
#include "livekit_agent_dispatch.pb.h"
#include "livekit_room.pb.h"
#include "room/participant.h"
#include "room/publication.h"
#include "room/room.h"
#include "room/room_registry.h"
#include "room/sids.h"

namespace gstlk::agent {
namespace {

using ::livekit::AgentDispatch;
using ::livekit::Job;
using room::ApiError;
using room::ErrorCode;
using room::refuse;

constexpr char kPrefix[] = "AD_";
// Until an agent that was told to stop is taken out of the room.
constexpr Duration kStopLimit = 3s;
// How long a job waits for a worker: one that starts again is away for seconds.
constexpr Duration kWorkerLimit = 30s;
// Ended ones that a dispatch still tells of.
constexpr int kMaxJobs = 500;

Unexpected<ApiError> no_room() {
  return refuse(ErrorCode::NotFound, "requested room does not exist");
}

template <class Attributes>
size_t size_of(const Attributes& attributes) {
  size_t size = 0;
  for (const auto& [key, value] : attributes) size += key.size() + value.size();
  return size;
}

bool exceeds(size_t size, size_t limit) { return limit != 0 && size > limit; }

bool is_running(const Job& job) {
  return job.state().status() == ::livekit::JS_RUNNING ||
         job.state().status() == ::livekit::JS_PENDING;
}

AgentDispatch from_configuration(const ::livekit::RoomAgentDispatch& wanted) {
  AgentDispatch dispatch;
  dispatch.set_agent_name(wanted.agent_name());
  dispatch.set_metadata(wanted.metadata());
  dispatch.set_restart_policy(wanted.restart_policy());
  dispatch.set_deployment(wanted.deployment());
  *dispatch.mutable_attributes() = wanted.attributes();
  return dispatch;
}

AgentDispatch from_request(const ::livekit::CreateAgentDispatchRequest& request) {
  AgentDispatch dispatch;
  dispatch.set_agent_name(request.agent_name());
  dispatch.set_metadata(request.metadata());
  dispatch.set_restart_policy(request.restart_policy());
  dispatch.set_deployment(request.deployment());
  *dispatch.mutable_attributes() = request.attributes();
  return dispatch;
}

// Ended jobs go first when there are too many.
void keep_few(google::protobuf::RepeatedPtrField<Job>& jobs) {
  for (int i = 0; jobs.size() > kMaxJobs && i < jobs.size(); ++i) {
    if (!is_running(jobs[i])) jobs.DeleteSubrange(i--, 1);
  }
}

}  // namespace

Dispatcher::Dispatcher(DispatcherSettings settings, room::RoomRegistry& rooms, room::Timers& timers,
                       RandomSource random, TokenSigner sign)
    : settings_(settings),
      rooms_(rooms),
      timers_(timers),
      random_(random),
      board_(settings.target_load, timers, random, std::move(sign), *this) {}

AgentDispatch& Dispatcher::add(RoomState& state, AgentDispatch dispatch) {
  dispatch.mutable_state()->set_created_at(timers_.unix_micros() * 1000);
  AgentDispatch& kept = state.dispatches[dispatch.id()];
  kept = std::move(dispatch);
  return kept;
}

void Dispatcher::launch(const AgentDispatch& dispatch, ::livekit::JobType type,
                        const room::Room& room, const room::Participant* participant) {
  const WorkerKey key{dispatch.agent_name(), "", type, dispatch.deployment()};
  for (const std::string& name_space : board_.namespaces(key)) {
    Job job;
    job.set_dispatch_id(dispatch.id());
    job.set_type(type);
    *job.mutable_room() = room.info();
    if (participant) *job.mutable_participant() = participant->info();
    job.set_namespace_(name_space);
    job.set_agent_name(dispatch.agent_name());
    job.set_metadata(dispatch.metadata());
    job.set_enable_recording(settings_.enable_recording);
    job.set_enable_redaction(settings_.enable_redaction);
    job.set_deployment(dispatch.deployment());
    *job.mutable_attributes() = dispatch.attributes();
    if (states_[room.name()].launched.insert(launch_of(job)).second) board_.launch(std::move(job));
  }
}

Dispatcher::Launch Dispatcher::launch_of(const Job& job) {
  return {job.dispatch_id(), job.type(), job.namespace_(), job.participant().sid()};
}

void Dispatcher::on_job_refused(const Job& job) {
  const auto state = states_.find(RoomName(job.room().name()));
  if (state != states_.end()) state->second.launched.erase(launch_of(job));
}

void Dispatcher::on_worker_registered(const WorkerKey& key) {
  for (auto& [name, state] : states_) {
    const room::Room* room = rooms_.find(name);
    if (!room) continue;
    for (const auto& [id, dispatch] : state.dispatches) {
      if (dispatch.agent_name() == key.agent_name && dispatch.deployment() == key.deployment)
        launch_late(dispatch, key.type, *room);
    }
  }
}

void Dispatcher::launch_late(const AgentDispatch& dispatch, ::livekit::JobType type,
                             const room::Room& room) {
  if (type == ::livekit::JT_ROOM) {
    const Duration age(timers_.unix_micros() - dispatch.state().created_at() / 1000);
    if (age <= kWorkerLimit) launch(dispatch, type, room, nullptr);
    return;
  }
  room.for_each_participant([&](room::Participant& participant) {
    if (participant.is_dependent() || !participant.is_connected()) return;
    if (type == ::livekit::JT_PUBLISHER && !participant.is_publisher()) return;
    if (timers_.now() - participant.joined_at() <= kWorkerLimit)
      launch(dispatch, type, room, &participant);
  });
}

void Dispatcher::launch_all(::livekit::JobType type, const room::Participant& participant) {
  if (participant.is_dependent()) return;
  for (const auto& [id, dispatch] : states_[participant.room().name()].dispatches)
    launch(dispatch, type, participant.room(), &participant);
}

void Dispatcher::launch_present(const AgentDispatch& dispatch, const room::Room& room) {
  launch(dispatch, ::livekit::JT_ROOM, room, nullptr);
  room.for_each_participant([&](room::Participant& participant) {
    if (participant.is_dependent() || !participant.is_connected()) return;
    if (participant.is_publisher()) launch(dispatch, ::livekit::JT_PUBLISHER, room, &participant);
    launch(dispatch, ::livekit::JT_PARTICIPANT, room, &participant);
  });
}

Result<AgentDispatch, ApiError> Dispatcher::create_dispatch(
    const ::livekit::CreateAgentDispatchRequest& request, const std::string& request_id) {
  const room::Limits& limits = rooms_.settings().limits;
  if (const std::string wrong = check_deployment(request.deployment()); !wrong.empty())
    return refuse(ErrorCode::InvalidArgument, wrong);
  if (exceeds(request.metadata().size(), limits.max_metadata_size))
    return refuse(ErrorCode::InvalidArgument, "metadata size exceeds limits");
  if (exceeds(size_of(request.attributes()), limits.max_attributes_size))
    return refuse(ErrorCode::InvalidArgument, "attribute size exceeds limits");
  const RoomName name(request.room());
  room::Room* room = rooms_.find(name);
  if (!room) {
    if (!rooms_.settings().auto_create) return no_room();
    if (exceeds(name.value.size(), limits.max_room_name_length))
      return refuse(ErrorCode::InvalidArgument, "room name length exceeds limits");
    room = &rooms_.find_or_create(name, nullptr);
  }
  AgentDispatch dispatch = from_request(request);
  dispatch.set_id(request_id.empty() ? room::make_sid(kPrefix, random_)
                                     : room::sid_of(kPrefix, request_id));
  dispatch.set_room(name.value);
  RoomState& state = states_[name];
  if (const auto made = state.dispatches.find(dispatch.id()); made != state.dispatches.end())
    return made->second;
  const AgentDispatch& added = add(state, std::move(dispatch));
  launch_present(added, *room);
  return added;
}

Result<AgentDispatch, ApiError> Dispatcher::delete_dispatch(
    const ::livekit::DeleteAgentDispatchRequest& request) {
  const auto state = states_.find(RoomName(request.room()));
  if (state == states_.end()) return no_room();
  const auto found = state->second.dispatches.find(request.dispatch_id());
  if (found == state->second.dispatches.end())
    return refuse(ErrorCode::NotFound, "dispatch ID not found");
  board_.withdraw(found->first);
  std::erase_if(state->second.launched,
                [&](const Launch& launch) { return std::get<0>(launch) == found->first; });
  const AgentDispatch before = found->second;
  const room::Room* room = rooms_.find(state->first);
  std::set<ParticipantId> agents;
  for (const Job& job : before.state().jobs()) {
    if (!is_running(job)) continue;
    const room::Participant* agent =
        room ? room->find(ParticipantIdentity(job.state().participant_identity())) : nullptr;
    if (agent && agent->is_agent()) agents.insert(agent->sid());
    board_.end(job.id(), ::livekit::JS_SUCCESS, "");
  }
  AgentDispatch deleted = std::move(state->second.dispatches.extract(found).mapped());
  deleted.mutable_state()->set_deleted_at(timers_.unix_micros() * 1000);
  if (!agents.empty()) remove_later(state->first, std::move(agents));
  return deleted;
}

void Dispatcher::remove_later(const RoomName& name, std::set<ParticipantId> agents) {
  const uint64_t id = next_removal_++;
  removals_[id] =
      timers_.call_later(kStopLimit, [this, id, name = name, agents = std::move(agents)] {
        const auto timer = removals_.extract(id);
        for (const ParticipantId& sid : agents) {
          room::Room* room = rooms_.find(name);
          room::Participant* agent = room ? room->find(sid) : nullptr;
          if (agent) room->remove(*agent, {::livekit::PARTICIPANT_REMOVED});
        }
      });
}

Result<::livekit::ListAgentDispatchResponse, ApiError> Dispatcher::list_dispatch(
    const ::livekit::ListAgentDispatchRequest& request) {
  const auto state = states_.find(RoomName(request.room()));
  if (state == states_.end()) return no_room();
  ::livekit::ListAgentDispatchResponse response;
  for (const auto& [id, dispatch] : state->second.dispatches) {
    if (request.dispatch_id().empty() || request.dispatch_id() == id)
      *response.add_agent_dispatches() = dispatch;
  }
  return response;
}

void Dispatcher::on_room_started(const room::Room& room) {
  RoomState& state = states_[room.name()];
  std::vector<::livekit::RoomAgentDispatch> wanted = room.agents();
  // Agents without a name are for every room that has not said which it wants.
  if (wanted.empty()) wanted.emplace_back();
  for (const ::livekit::RoomAgentDispatch& agent : wanted) {
    if (const std::string wrong = check_deployment(agent.deployment()); !wrong.empty()) {
      LOG_WARNING(log_agent, "%s: no agent \"%s\": %s", room.name().value.c_str(),
                  agent.agent_name().c_str(), wrong.c_str());
      continue;
    }
    AgentDispatch dispatch = from_configuration(agent);
    dispatch.set_id(room::make_sid(kPrefix, random_));
    dispatch.set_room(room.name().value);
    launch(add(state, std::move(dispatch)), ::livekit::JT_ROOM, room, nullptr);
  }
}

void Dispatcher::on_room_finished(const room::Room& room) {
  const auto node = states_.extract(room.name());
  if (!node) return;
  for (const auto& [id, dispatch] : node.mapped().dispatches) {
    board_.withdraw(id);
    for (const Job& job : dispatch.state().jobs()) board_.end(job.id(), ::livekit::JS_SUCCESS, "");
  }
}

void Dispatcher::on_participant_joined(const room::Participant& participant) {
  launch_all(::livekit::JT_PARTICIPANT, participant);
}

void Dispatcher::on_track_published(const room::Publication& publication) {
  const room::Participant& publisher = publication.publisher();
  if (states_[publisher.room().name()].publishers.insert(publisher.sid()).second)
    launch_all(::livekit::JT_PUBLISHER, publisher);
}

void Dispatcher::on_participant_left(const room::Participant& participant) {
  const auto state = states_.find(participant.room().name());
  if (state == states_.end()) return;
  state->second.publishers.erase(participant.sid());
  std::erase_if(state->second.launched, [&](const Launch& launch) {
    return std::get<3>(launch) == participant.sid().value;
  });
  // An agent that has lost its connection comes back as itself.
  if (participant.info().disconnect_reason() == ::livekit::DUPLICATE_IDENTITY) return;
  const auto job = state->second.jobs.extract(participant.identity().value);
  if (job) board_.end(job.mapped(), ::livekit::JS_FAILED, "agent worker left the room");
}

void Dispatcher::on_job_changed(const Job& job) {
  const auto state = states_.find(RoomName(job.room().name()));
  if (state == states_.end()) return;
  const std::string& identity = job.state().participant_identity();
  if (is_running(job)) {
    state->second.jobs[identity] = job.id();
  } else if (const auto agent = state->second.jobs.find(identity);
             agent != state->second.jobs.end() && agent->second == job.id()) {
    state->second.jobs.erase(agent);
  }
  const auto dispatch = state->second.dispatches.find(job.dispatch_id());
  if (dispatch == state->second.dispatches.end()) return;
  auto& jobs = *dispatch->second.mutable_state()->mutable_jobs();
  const auto known = std::ranges::find(jobs, job.id(), [](const Job& j) { return j.id(); });
  if (known != jobs.end()) {
    *known = job;
  } else {
    *jobs.Add() = job;
    keep_few(jobs);
  }
}

bool Dispatcher::is_agent_present(const Job& job) const {
  const room::Room* room = rooms_.find(RoomName(job.room().name()));
  return room && room->find(ParticipantIdentity(job.state().participant_identity()));
}

}  // namespace gstlk::agent
