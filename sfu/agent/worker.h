// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "livekit_agent.pb.h"
#include "room/signal_message.h"
#include "room/timers.h"

namespace gstlk::agent {

using room::FrameKind;
using room::Payload;

// A worker's WebSocket, as api/ implements it. Must not call the worker from inside.
class WorkerLink {
 public:
  virtual ~WorkerLink() = default;
  virtual void send(FrameKind kind, const Payload& payload) = 0;
  // Sends what is queued, then closes; nothing comes any more.
  virtual void close(uint16_t code) = 0;
};

// Which jobs a worker takes: those that agree in all of it.
struct WorkerKey {
  std::string agent_name;  // empty: every room's, without being asked for
  std::string name_space;  // deprecated, and still told apart
  ::livekit::JobType type = ::livekit::JT_ROOM;
  std::string deployment;
  auto operator<=>(const WorkerKey&) const = default;
};

class Worker;

// Told by workers from inside handle_binary() and handle_text(), and by their destructors.
class WorkerListener {
 public:
  virtual ~WorkerListener() = default;
  virtual void on_registered(Worker& worker) = 0;
  virtual void on_availability(Worker& worker, const ::livekit::AvailabilityResponse& answer) = 0;
  virtual void on_job_update(Worker& worker, const ::livekit::UpdateJobStatus& update) = 0;
  virtual void on_simulate(Worker& worker, const ::livekit::SimulateJobRequest& request) = 0;
  virtual void on_migrate(Worker& worker, const ::livekit::MigrateJobRequest& request) = 0;
  // It is gone; only for one that was registered.
  virtual void on_closed(Worker& worker) = 0;
};

// What a worker is told about this server, and how long it may take to register.
struct WorkerWelcome {
  std::string worker_id;  // "AW_..."
  std::string api_key;    // that its token was signed with
  ::livekit::ServerInfo server;
};

// The server's end of one /agent WebSocket: LiveKit's WorkerMessage in, ServerMessage out, protobuf
// in binary frames and its JSON in text frames, answered in the kind that came last. It has to
// register within ten seconds. Whatever is no message, unknown, or out of order closes it, as
// LiveKit does. Main thread only.
class Worker {
 public:
  // All outlive it.
  Worker(WorkerWelcome welcome, room::Timers& timers, WorkerListener& listener, WorkerLink& link);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void handle_binary(ByteView message);
  void handle_text(std::string_view message);
  // The server goes.
  void close();

  const std::string& id() const { return welcome_.worker_id; }
  const std::string& api_key() const { return welcome_.api_key; }
  const WorkerKey& key() const { return key_; }
  const ::livekit::ParticipantPermission& permissions() const { return permissions_; }
  bool is_available() const { return status_ == ::livekit::WS_AVAILABLE; }
  double load() const { return load_; }

  void ask(const ::livekit::Job& job);
  void assign(const ::livekit::Job& job, std::string token);
  void terminate(const std::string& job_id);

 private:
  enum class State : uint8_t { New, Registered, Closed };

  void handle(const ::livekit::WorkerMessage& message);
  void handle_register(const ::livekit::RegisterWorkerRequest& request);
  void handle_ping(const ::livekit::WorkerPing& ping);
  void handle_update(const ::livekit::UpdateWorkerStatus& update);
  void send(const ::livekit::ServerMessage& message);
  void fail(uint16_t code, const std::string& why);

  const WorkerWelcome welcome_;
  room::Timers& timers_;
  WorkerListener& listener_;
  WorkerLink& link_;
  State state_ = State::New;
  FrameKind kind_ = FrameKind::Binary;
  WorkerKey key_;
  ::livekit::ParticipantPermission permissions_;
  ::livekit::WorkerStatus status_ = ::livekit::WS_AVAILABLE;
  double load_ = 0;
  std::unique_ptr<room::Timer> register_limit_;
};

// Of a dispatch or a registration; empty when nothing is wrong with it, or what is.
std::string check_deployment(std::string_view deployment);

}  // namespace gstlk::agent
