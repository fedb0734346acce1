// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/worker.h"
#include "base/random.h"
#include "livekit/access_token.h"
#include "room/timers.h"

namespace gstlk::agent {

class JobListener {
 public:
  virtual ~JobListener() = default;
  // A worker has taken it, its state is another, or it has ended. Not told of jobs that nobody
  // took.
  virtual void on_job_changed(const ::livekit::Job& job) = 0;
  virtual void on_job_refused(const ::livekit::Job& job) = 0;  // by all
  virtual void on_worker_registered(const WorkerKey& key) = 0;
  // Whether its agent is in the room.
  virtual bool is_agent_present(const ::livekit::Job& job) const = 0;
};

// Signs with the secret of that API key; empty when there is none.
using TokenSigner =
    std::function<std::string(const std::string& api_key, const livekit::Claims& claims)>;

// All workers that have registered and all jobs that have not ended. A job is offered to one worker
// after another, chosen by chance with more weight on those with less load, until one takes it: it
// has ten seconds to answer, and who refuses, is silent or goes is not asked again. The first to be
// asked needs a worker under the target load to be there, as LiveKit wants it.
//
// A job outlives its worker's WebSocket: the agent is a process of its own and may still be in the
// room. The worker that comes back takes its jobs along (MigrateJob); a job whose agent is not in
// the room half a minute later has failed. Main thread only.
class JobBoard : public WorkerListener {
 public:
  // `timers` and `listener` outlive the board, which outlives its workers.
  JobBoard(double target_load, room::Timers& timers, RandomSource random, TokenSigner sign,
           JobListener& listener);

  // Those that workers of such jobs are registered in: each gets a job of its own.
  std::set<std::string> namespaces(const WorkerKey& key) const;
  // Gives the job an id and offers it to the workers that its fields name.
  void launch(::livekit::Job job);
  // Its worker is told to stop, or it is offered no longer.
  void end(const std::string& job_id, ::livekit::JobStatus status, const std::string& error);
  // Every job of that dispatch that no worker has taken yet.
  void withdraw(const std::string& dispatch_id);
  // Every worker is told good-bye.
  void close_workers();

  void on_registered(Worker& worker) override;
  void on_availability(Worker& worker, const ::livekit::AvailabilityResponse& answer) override;
  void on_job_update(Worker& worker, const ::livekit::UpdateJobStatus& update) override;
  void on_simulate(Worker& worker, const ::livekit::SimulateJobRequest& request) override;
  void on_migrate(Worker& worker, const ::livekit::MigrateJobRequest& request) override;
  void on_closed(Worker& worker) override;

 private:
  struct OpenJob {
    ::livekit::Job job;
    Worker* worker = nullptr;  // who is asked or has it; null when that one is gone
    bool is_taken = false;
    bool is_simulated = false;
    std::set<const Worker*> asked;
    std::unique_ptr<room::Timer> timer;  // for the answer, or for the worker to come back
  };

  OpenJob* find(Worker& worker, const std::string& job_id);
  Worker* choose(const OpenJob& open);
  double chance();
  void offer(OpenJob& open, Worker& worker);
  void offer_next(const std::string& job_id);
  void take(OpenJob& open, const ::livekit::AvailabilityResponse& answer);
  void abandon(OpenJob& open);
  void finish(const std::string& job_id, ::livekit::JobStatus status, const std::string& error);
  std::string make_token(const OpenJob& open, const ::livekit::AvailabilityResponse& answer) const;
  int64_t now_nanos() const { return timers_.unix_micros() * 1000; }

  const double target_load_;
  room::Timers& timers_;
  const RandomSource random_;
  const TokenSigner sign_;
  JobListener& listener_;
  std::vector<Worker*> workers_;  // take themselves off
  std::map<std::string, std::unique_ptr<OpenJob>> jobs_;
};

}  // namespace gstlk::agent
