// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/agent_service.h"

#include <utility>

#include "room/sids.h"

namespace gstlk::api {
namespace {

// One WebSocket with the worker behind it.
class AgentSocket : public net::WebSocketListener, private agent::WorkerLink {
 public:
  AgentSocket(net::WebSocket& socket, agent::WorkerWelcome welcome, room::Timers& timers,
              agent::WorkerListener& listener)
      : socket_(socket), worker_(std::move(welcome), timers, listener, *this) {}

  void on_text(std::string_view message) override { worker_.handle_text(message); }
  void on_binary(std::string_view message) override { worker_.handle_binary(as_bytes(message)); }

 private:
  void send(agent::FrameKind kind, const agent::Payload& payload) override {
    if (kind == agent::FrameKind::Text) {
      socket_.send_text(payload);
    } else {
      socket_.send_binary(payload);
    }
  }
  void close(uint16_t code) override { socket_.close(code); }

  net::WebSocket& socket_;
  agent::Worker worker_;
};

}  // namespace

AgentService::AgentService(const Authenticator& authenticator, agent::WorkerListener& workers,
                           room::Timers& timers, RandomSource random, ::livekit::ServerInfo server)
    : authenticator_(authenticator),
      workers_(workers),
      timers_(timers),
      random_(random),
      server_(std::move(server)) {}

void AgentService::add_to(net::HttpServer& server, size_t max_message_size) {
  server.add_web_socket(
      "/agent",
      [this](const net::HttpRequest& request, net::WebSocket& socket) {
        return open(request, socket);
      },
      max_message_size);
}

Result<std::unique_ptr<net::WebSocketListener>, net::HttpResponse> AgentService::open(
    const net::HttpRequest& request, net::WebSocket& socket) {
  const auto claims = authenticator_.authenticate(request);
  if (!claims) return Unexpected{claims.error()};
  if (!*claims || !(*claims)->grants.video || !(*claims)->grants.video->agent)
    return Unexpected{net::plain_text(401, "permissions denied")};
  if (draining_) return Unexpected{net::plain_text(503, "the server is shutting down")};
  agent::WorkerWelcome welcome{room::make_sid("AW_", random_), (*claims)->issuer, server_};
  return std::unique_ptr<net::WebSocketListener>(
      std::make_unique<AgentSocket>(socket, std::move(welcome), timers_, workers_));
}

}  // namespace gstlk::api
