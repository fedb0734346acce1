// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/worker.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "agent/log.h"
#include "livekit/messages.h"

namespace gstlk::agent {
namespace {

using Message = ::livekit::WorkerMessage;

constexpr Duration kRegisterLimit = 10s;
constexpr size_t kMaxDeployment = 64;

// RFC 6455 section 7.4.1.
constexpr uint16_t kCloseNormal = 1000;
constexpr uint16_t kCloseUnsupportedData = 1003;
constexpr uint16_t kClosePolicy = 1008;

::livekit::ParticipantPermission default_permissions() {
  ::livekit::ParticipantPermission permissions;
  permissions.set_can_subscribe(true);
  permissions.set_can_publish(true);
  permissions.set_can_publish_data(true);
  permissions.set_can_update_metadata(true);
  return permissions;
}

}  // namespace

std::string check_deployment(std::string_view deployment) {
  if (deployment.size() > kMaxDeployment)
    return "deployment exceeds " + std::to_string(kMaxDeployment) + " bytes";
  for (size_t i = 0; i < deployment.size(); ++i) {
    const auto c = static_cast<unsigned char>(deployment[i]);
    if (c == '_') return "deployment contains reserved character '_'";
    if (c <= ' ' || c == 0x7f)
      return "deployment contains whitespace or control byte at position " + std::to_string(i);
  }
  return "";
}

Worker::Worker(WorkerWelcome welcome, room::Timers& timers, WorkerListener& listener,
               WorkerLink& link)
    : welcome_(std::move(welcome)), timers_(timers), listener_(listener), link_(link) {
  register_limit_ =
      timers_.call_later(kRegisterLimit, [this] { fail(kClosePolicy, "has not registered"); });
}

Worker::~Worker() {
  if (std::exchange(state_, State::Closed) == State::Registered) listener_.on_closed(*this);
}

void Worker::handle_binary(ByteView bytes) {
  if (state_ == State::Closed) return;
  kind_ = FrameKind::Binary;
  Message message;
  if (!livekit::from_protobuf(bytes, message)) return fail(kCloseUnsupportedData, "no message");
  handle(message);
}

void Worker::handle_text(std::string_view text) {
  if (state_ == State::Closed) return;
  kind_ = FrameKind::Text;
  Message message;
  if (const auto parsed = livekit::from_json(text, message); !parsed)
    return fail(kCloseUnsupportedData, parsed.error().message);
  handle(message);
}

void Worker::handle(const Message& message) {
  if (message.has_ping()) return handle_ping(message.ping());
  if (message.has_register_() != (state_ == State::New))
    return fail(kClosePolicy,
                state_ == State::New ? "it has to register first" : "registers twice");
  switch (message.message_case()) {
    case Message::kRegister:
      return handle_register(message.register_());
    case Message::kAvailability:
      return listener_.on_availability(*this, message.availability());
    case Message::kUpdateWorker:
      return handle_update(message.update_worker());
    case Message::kUpdateJob:
      return listener_.on_job_update(*this, message.update_job());
    case Message::kSimulateJob:
      return listener_.on_simulate(*this, message.simulate_job());
    case Message::kMigrateJob:
      return listener_.on_migrate(*this, message.migrate_job());
    default:
      return fail(kCloseUnsupportedData, "unknown worker signal");
  }
}

void Worker::handle_register(const ::livekit::RegisterWorkerRequest& request) {
  if (!::livekit::JobType_IsValid(request.type())) return fail(kClosePolicy, "unknown job type");
  if (const std::string wrong = check_deployment(request.deployment()); !wrong.empty())
    return fail(kClosePolicy, wrong);
  register_limit_.reset();
  state_ = State::Registered;
  key_ = {request.agent_name(), request.namespace_(), request.type(), request.deployment()};
  permissions_ =
      request.has_allowed_permissions() ? request.allowed_permissions() : default_permissions();
  ::livekit::ServerMessage message;
  message.mutable_register_()->set_worker_id(id());
  *message.mutable_register_()->mutable_server_info() = welcome_.server;
  send(message);
  LOG_INFO(log_agent, "%s: registered for %s as \"%s\", version %s", id().c_str(),
           ::livekit::JobType_Name(key_.type).c_str(), key_.agent_name.c_str(),
           request.version().c_str());
  listener_.on_registered(*this);
}

void Worker::handle_ping(const ::livekit::WorkerPing& ping) {
  ::livekit::ServerMessage message;
  message.mutable_pong()->set_last_timestamp(ping.timestamp());
  message.mutable_pong()->set_timestamp(timers_.unix_micros() / 1000);
  send(message);
}

void Worker::handle_update(const ::livekit::UpdateWorkerStatus& update) {
  if (update.has_status()) status_ = update.status();
  load_ = std::isfinite(update.load()) ? std::max(0.0, static_cast<double>(update.load())) : 1.0;
}

void Worker::ask(const ::livekit::Job& job) {
  ::livekit::ServerMessage message;
  *message.mutable_availability()->mutable_job() = job;
  send(message);
}

void Worker::assign(const ::livekit::Job& job, std::string token) {
  ::livekit::ServerMessage message;
  *message.mutable_assignment()->mutable_job() = job;
  message.mutable_assignment()->set_token(std::move(token));
  send(message);
}

void Worker::terminate(const std::string& job_id) {
  ::livekit::ServerMessage message;
  message.mutable_termination()->set_job_id(job_id);
  send(message);
}

void Worker::send(const ::livekit::ServerMessage& message) {
  if (state_ == State::Closed) return;
  link_.send(kind_, std::make_shared<const std::string>(kind_ == FrameKind::Text
                                                            ? livekit::to_json(message)
                                                            : message.SerializeAsString()));
}

void Worker::close() {
  if (state_ != State::Closed) fail(kCloseNormal, "the server is shutting down");
}

void Worker::fail(uint16_t code, const std::string& why) {
  LOG_INFO(log_agent, "%s: closed: %s", id().c_str(), why.c_str());
  register_limit_.reset();
  const State before = std::exchange(state_, State::Closed);
  link_.close(code);
  if (before == State::Registered) listener_.on_closed(*this);
}

}  // namespace gstlk::agent
