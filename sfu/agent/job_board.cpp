// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/job_board.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "agent/log.h"
#include "base/bytes.h"
#include "room/permissions.h"
#include "room/sids.h"

namespace gstlk::agent {
namespace {

using ::livekit::Job;

constexpr Duration kAnswerLimit = 10s;
constexpr Duration kReturnLimit = 30s;
constexpr std::chrono::hours kTokenLifetime{1};
constexpr char kAgentName[] = "lk.agent_name";
// A worker that simulates jobs makes as many as it likes.
constexpr ptrdiff_t kMaxSimulated = 100;

WorkerKey key_of(const Job& job) {
  return {job.agent_name(), job.namespace_(), job.type(), job.deployment()};
}

bool has_ended(::livekit::JobStatus status) {
  return status == ::livekit::JS_SUCCESS || status == ::livekit::JS_FAILED;
}

}  // namespace

JobBoard::JobBoard(double target_load, room::Timers& timers, RandomSource random, TokenSigner sign,
                   JobListener& listener)
    : target_load_(target_load),
      timers_(timers),
      random_(random),
      sign_(std::move(sign)),
      listener_(listener) {}

std::set<std::string> JobBoard::namespaces(const WorkerKey& key) const {
  std::set<std::string> names;
  for (const Worker* worker : workers_) {
    const WorkerKey& has = worker->key();
    if (has.agent_name == key.agent_name && has.type == key.type &&
        has.deployment == key.deployment)
      names.insert(has.name_space);
  }
  return names;
}

void JobBoard::launch(Job job) {
  job.set_id(room::make_sid("AJ_", random_));
  const std::string id = job.id();
  auto open = std::make_unique<OpenJob>();
  open->job = std::move(job);
  jobs_[id] = std::move(open);
  offer_next(id);
}

double JobBoard::chance() {
  std::array<uint8_t, 4> bytes;
  random_(bytes);
  return load_u32(bytes.data()) / 4294967296.0;
}

Worker* JobBoard::choose(const OpenJob& open) {
  const WorkerKey key = key_of(open.job);
  std::vector<Worker*> able;
  double total = 0;
  bool has_room = !open.asked.empty();
  for (Worker* worker : workers_) {
    if (worker->key() != key || !worker->is_available() || open.asked.contains(worker)) continue;
    has_room |= worker->load() < target_load_;
    if (worker->load() >= 1) continue;
    able.push_back(worker);
    total += 1 - worker->load();
  }
  if (able.empty() || !has_room) return nullptr;
  double left = chance() * total;
  for (Worker* worker : able) {
    left -= 1 - worker->load();
    if (left <= 0) return worker;
  }
  return able.back();
}

void JobBoard::offer_next(const std::string& job_id) {
  const auto found = jobs_.find(job_id);
  if (found == jobs_.end()) return;
  OpenJob& open = *found->second;
  Worker* worker = open.is_simulated ? nullptr : choose(open);
  if (worker) return offer(open, *worker);
  LOG_WARNING(log_agent, "%s: no worker takes the job of \"%s\" in %s", job_id.c_str(),
              open.job.agent_name().c_str(), open.job.room().name().c_str());
  const auto node = jobs_.extract(found);
  if (!node.mapped()->is_simulated) listener_.on_job_refused(node.mapped()->job);
}

void JobBoard::offer(OpenJob& open, Worker& worker) {
  open.worker = &worker;
  open.asked.insert(&worker);
  ::livekit::JobState& state = *open.job.mutable_state();
  state.set_worker_id(worker.id());
  state.set_status(::livekit::JS_RUNNING);
  state.set_started_at(now_nanos());
  state.set_updated_at(now_nanos());
  open.timer = timers_.call_later(kAnswerLimit, [this, id = open.job.id()] { offer_next(id); });
  worker.ask(open.job);
}

JobBoard::OpenJob* JobBoard::find(Worker& worker, const std::string& job_id) {
  const auto found = jobs_.find(job_id);
  const bool mine = found != jobs_.end() && found->second->worker == &worker;
  if (!mine)
    LOG_DEBUG(log_agent, "%s: speaks of %s, which it has not", worker.id().c_str(), job_id.c_str());
  return mine ? found->second.get() : nullptr;
}

void JobBoard::on_registered(Worker& worker) {
  workers_.push_back(&worker);
  listener_.on_worker_registered(worker.key());
}

void JobBoard::on_availability(Worker& worker, const ::livekit::AvailabilityResponse& answer) {
  OpenJob* open = find(worker, answer.job_id());
  if (!open || open->is_taken) return;
  if (answer.terminate()) return finish(answer.job_id(), ::livekit::JS_SUCCESS, "");
  if (!answer.available()) return offer_next(answer.job_id());
  ::livekit::AvailabilityResponse accepted = answer;
  // Workers may leave it to the server who the agent is.
  if (accepted.participant_identity().empty())
    accepted.set_participant_identity("agent-" + answer.job_id());
  take(*open, accepted);
}

void JobBoard::take(OpenJob& open, const ::livekit::AvailabilityResponse& answer) {
  open.timer.reset();
  open.is_taken = true;
  open.job.mutable_state()->set_participant_identity(answer.participant_identity());
  LOG_INFO(log_agent, "%s: %s does it in %s as %s", open.job.id().c_str(),
           open.worker->id().c_str(), open.job.room().name().c_str(),
           answer.participant_identity().c_str());
  open.worker->assign(open.job, make_token(open, answer));
  listener_.on_job_changed(open.job);
}

std::string JobBoard::make_token(const OpenJob& open,
                                 const ::livekit::AvailabilityResponse& answer) const {
  livekit::Claims claims;
  claims.expires_at =
      std::chrono::floor<std::chrono::seconds>(std::chrono::sys_time<std::chrono::microseconds>(
          std::chrono::microseconds(timers_.unix_micros()))) +
      kTokenLifetime;
  livekit::Grants& grants = claims.grants;
  grants.identity = answer.participant_identity();
  grants.name = answer.participant_name();
  grants.metadata = answer.participant_metadata();
  grants.attributes.insert(answer.participant_attributes().begin(),
                           answer.participant_attributes().end());
  grants.attributes[kAgentName] = open.worker->key().agent_name;
  grants.kind = "agent";
  livekit::VideoGrant& video = grants.video.emplace();
  const ::livekit::ParticipantPermission& permissions = open.worker->permissions();
  video.room_join = true;
  video.agent = true;
  video.room = open.job.room().name();
  video.can_subscribe = permissions.can_subscribe();
  video.can_publish = permissions.can_publish();
  video.can_publish_data = permissions.can_publish_data();
  video.can_update_own_metadata = permissions.can_update_metadata();
  video.can_subscribe_metrics = permissions.can_subscribe_metrics();
  video.hidden = permissions.hidden();
  return sign_(open.worker->api_key(), claims);
}

void JobBoard::on_job_update(Worker& worker, const ::livekit::UpdateJobStatus& update) {
  OpenJob* open = find(worker, update.job_id());
  if (!open || !open->is_taken) return;
  if (has_ended(update.status())) return finish(update.job_id(), update.status(), update.error());
  ::livekit::JobState& state = *open->job.mutable_state();
  state.set_status(update.status());
  state.set_error(update.error());
  state.set_updated_at(now_nanos());
  listener_.on_job_changed(open->job);
}

void JobBoard::on_simulate(Worker& worker, const ::livekit::SimulateJobRequest& request) {
  const auto simulated = [&](const auto& entry) {
    return entry.second->is_simulated && entry.second->worker == &worker;
  };
  if (request.room().name().empty() || std::ranges::count_if(jobs_, simulated) >= kMaxSimulated) {
    LOG_INFO(log_agent, "%s: a job is not simulated: %s", worker.id().c_str(),
             request.room().name().empty() ? "it names no room" : "there are too many");
    return;
  }
  auto open = std::make_unique<OpenJob>();
  Job& job = open->job;
  job.set_id(room::make_sid("AJ_", random_));
  // As LiveKit: what the request says of the type does not count.
  job.set_type(request.has_participant() ? ::livekit::JT_PUBLISHER : ::livekit::JT_ROOM);
  *job.mutable_room() = request.room();
  if (request.has_participant()) *job.mutable_participant() = request.participant();
  job.set_agent_name(worker.key().agent_name);
  job.set_namespace_(worker.key().name_space);
  open->is_simulated = true;
  OpenJob& kept = *(jobs_[job.id()] = std::move(open));
  offer(kept, worker);
}

void JobBoard::on_migrate(Worker& worker, const ::livekit::MigrateJobRequest& request) {
  for (const std::string& id : request.job_ids()) {
    const auto found = jobs_.find(id);
    if (found == jobs_.end() || !found->second->is_taken) continue;
    OpenJob& open = *found->second;
    // Its old WebSocket may not be known to be gone yet.
    if (open.worker && open.worker->api_key() != worker.api_key()) continue;
    if (open.job.agent_name() != worker.key().agent_name) continue;
    open.worker = &worker;
    open.timer.reset();
    open.job.mutable_state()->set_worker_id(worker.id());
    open.job.mutable_state()->set_updated_at(now_nanos());
    listener_.on_job_changed(open.job);
  }
}

void JobBoard::on_closed(Worker& worker) {
  std::erase(workers_, &worker);
  LOG_INFO(log_agent, "%s: is gone", worker.id().c_str());
  std::vector<std::string> offered;
  for (const auto& [id, open] : jobs_) {
    open->asked.erase(&worker);
    if (open->worker != &worker) continue;
    if (open->is_taken) {
      abandon(*open);
    } else {
      offered.push_back(id);
    }
  }
  for (const std::string& id : offered) offer_next(id);
}

void JobBoard::abandon(OpenJob& open) {
  open.worker = nullptr;
  open.timer = timers_.call_later(kReturnLimit, [this, id = open.job.id()] {
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return;
    if (listener_.is_agent_present(found->second->job)) return abandon(*found->second);
    finish(id, ::livekit::JS_FAILED, "agent worker disconnected");
  });
}

void JobBoard::end(const std::string& job_id, ::livekit::JobStatus status,
                   const std::string& error) {
  const auto found = jobs_.find(job_id);
  if (found == jobs_.end()) return;
  if (!found->second->is_taken) {
    jobs_.erase(found);
    return;
  }
  if (Worker* worker = found->second->worker) worker->terminate(job_id);
  finish(job_id, status, error);
}

void JobBoard::withdraw(const std::string& dispatch_id) {
  std::erase_if(jobs_, [&](const auto& entry) {
    return !entry.second->is_taken && entry.second->job.dispatch_id() == dispatch_id;
  });
}

void JobBoard::finish(const std::string& job_id, ::livekit::JobStatus status,
                      const std::string& error) {
  const auto node = jobs_.extract(job_id);
  if (!node) return;
  Job& job = node.mapped()->job;
  ::livekit::JobState& state = *job.mutable_state();
  state.set_status(status);
  state.set_error(error);
  state.set_updated_at(now_nanos());
  state.set_ended_at(now_nanos());
  LOG_INFO(log_agent, "%s: ended: %s %s", job_id.c_str(), ::livekit::JobStatus_Name(status).c_str(),
           error.c_str());
  listener_.on_job_changed(job);
}

void JobBoard::close_workers() {
  for (Worker* worker : std::vector<Worker*>(workers_)) worker->close();
}

}  // namespace gstlk::agent
