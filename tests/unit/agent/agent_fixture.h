// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/dispatcher.h"
#include "livekit/messages.h"
#include "livekit_agent_dispatch.pb.h"
#include "livekit_room.pb.h"
#include "unit/room/room_fixture.h"

// Rooms whose agents are dispatched to workers that are scripts.
namespace gstlk::agent {

using ServerMessage = ::livekit::ServerMessage;
using WorkerMessage = ::livekit::WorkerMessage;

// A worker's end of its WebSocket.
class FakeWorker : public WorkerLink {
 public:
  FakeWorker(WorkerListener& listener, room::Timers& timers, const std::string& id)
      : worker(std::make_unique<Worker>(WorkerWelcome{id, "APIone", {}}, timers, listener, *this)) {
  }

  void send(FrameKind kind, const Payload& payload) override {
    kinds.push_back(kind);
    ServerMessage message;
    if (kind == FrameKind::Text) {
      EXPECT_TRUE(livekit::from_json(*payload, message));
    } else {
      EXPECT_TRUE(message.ParseFromString(*payload));
    }
    received.push_back(message);
  }
  void close(uint16_t code) override { closed = code; }

  void say(const WorkerMessage& message) { worker->handle_binary(livekit::to_protobuf(message)); }
  void register_as(::livekit::JobType type, const std::string& agent_name = "") {
    WorkerMessage message;
    message.mutable_register_()->set_type(type);
    message.mutable_register_()->set_agent_name(agent_name);
    say(message);
  }
  void update(double load, ::livekit::WorkerStatus status = ::livekit::WS_AVAILABLE) {
    WorkerMessage message;
    message.mutable_update_worker()->set_load(static_cast<float>(load));
    message.mutable_update_worker()->set_status(status);
    say(message);
  }
  void answer(const ::livekit::Job& job, bool available, const std::string& identity = "agent") {
    WorkerMessage message;
    ::livekit::AvailabilityResponse& answer = *message.mutable_availability();
    answer.set_job_id(job.id());
    answer.set_available(available);
    answer.set_participant_identity(identity);
    (*answer.mutable_participant_attributes())["tone"] = "calm";
    say(message);
  }

  std::vector<ServerMessage> all(ServerMessage::MessageCase type) const {
    std::vector<ServerMessage> result;
    for (const ServerMessage& message : received) {
      if (message.message_case() == type) result.push_back(message);
    }
    return result;
  }
  // The jobs it was asked to do.
  std::vector<::livekit::Job> asked() const {
    std::vector<::livekit::Job> jobs;
    for (const ServerMessage& message : all(ServerMessage::kAvailability))
      jobs.push_back(message.availability().job());
    return jobs;
  }
  ::livekit::JobAssignment assigned() const {
    const auto found = all(ServerMessage::kAssignment);
    return found.empty() ? ::livekit::JobAssignment() : found.back().assignment();
  }

  std::vector<ServerMessage> received;
  std::vector<FrameKind> kinds;
  uint16_t closed = 0;
  std::unique_ptr<Worker> worker;  // the first to go
};

class AgentFixture : public room::RoomFixture {
 protected:
  explicit AgentFixture(room::Settings settings = {}) : RoomFixture(std::move(settings)) {
    registry_.add_listener(dispatcher_);
  }

  std::unique_ptr<FakeWorker> worker(::livekit::JobType type, const std::string& agent_name = "") {
    auto made = std::make_unique<FakeWorker>(dispatcher_.board(), timers_,
                                             "AW_" + std::to_string(++workers_));
    made->register_as(type, agent_name);
    return made;
  }
  ::livekit::Room create_room(const std::string& name, const std::string& agent_name = "") {
    ::livekit::CreateRoomRequest request;
    request.set_name(name);
    if (!agent_name.empty()) request.add_agents()->set_agent_name(agent_name);
    const auto made = registry_.create_room(request);
    EXPECT_TRUE(made);
    return *made;
  }
  Result<::livekit::AgentDispatch, room::ApiError> dispatch(const std::string& room,
                                                            const std::string& agent_name,
                                                            const std::string& request_id = "") {
    ::livekit::CreateAgentDispatchRequest request;
    request.set_room(room);
    request.set_agent_name(agent_name);
    request.set_metadata("wishes");
    return dispatcher_.create_dispatch(request, request_id);
  }
  std::vector<::livekit::AgentDispatch> list(const std::string& room) {
    ::livekit::ListAgentDispatchRequest request;
    request.set_room(room);
    const auto found = dispatcher_.list_dispatch(request);
    if (!found) return {};
    return {found->agent_dispatches().begin(), found->agent_dispatches().end()};
  }
  room::Guest join_agent(const std::string& identity = "agent") {
    room::JoinDetails who = details(identity);
    who.claims.grants.kind = "agent";
    who.claims.grants.video->agent = true;
    return join(std::move(who));
  }

  livekit::Claims claims_;  // of the last agent's token
  int workers_ = 0;
  Dispatcher dispatcher_{{},
                         registry_,
                         timers_,
                         room::counting_random,
                         [this](const std::string& key, const livekit::Claims& claims) {
                           claims_ = claims;
                           return "token of " + key;
                         }};
};

}  // namespace gstlk::agent
