// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "agent/worker.h"
#include "api/authentication.h"
#include "base/random.h"
#include "net/http_server.h"

namespace gstlk::api {

// Where workers of agents come to get jobs: /agent as a WebSocket, for tokens with the grant
// `agent`. Joins agent::Worker and net::WebSocket. Main thread only.
class AgentService {
 public:
  // All outlive this, and this outlives the server it is added to. `server` is what workers are
  // told.
  AgentService(const Authenticator& authenticator, agent::WorkerListener& workers,
               room::Timers& timers, RandomSource random, ::livekit::ServerInfo server);

  // No message may be larger than `max_message_size`; 0 is no limit.
  void add_to(net::HttpServer& server, size_t max_message_size);
  // No more workers; those who are there stay.
  void start_draining() { draining_ = true; }

 private:
  Result<std::unique_ptr<net::WebSocketListener>, net::HttpResponse> open(
      const net::HttpRequest& request, net::WebSocket& socket);

  const Authenticator& authenticator_;
  agent::WorkerListener& workers_;
  room::Timers& timers_;
  const RandomSource random_;
  const ::livekit::ServerInfo server_;
  bool draining_ = false;
};

}  // namespace gstlk::api
