// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "api/authentication.h"
#include "net/http_server.h"
#include "signal/join_parameters.h"

namespace gstlk::room {
class RoomRegistry;
}  // namespace gstlk::room

namespace gstlk::api {

// The signal endpoints of LiveKit's clients: /rtc and /rtc/v1 as WebSockets, and the validate paths
// that tell a browser why they failed. Joins signal::Session and net::WebSocket. Main thread only.
class RtcService {
 public:
  // Both outlive this, and this outlives the server it is added to.
  RtcService(const Authenticator& authenticator, room::RoomRegistry& rooms);

  void add_to(net::HttpServer& server);
  // From now on only rooms in which somebody is let anybody in, as a LiveKit node that drains keeps
  // those that it has: whoever reloads the page is back in the call, and no new call begins.
  void start_draining() { draining_ = true; }

 private:
  net::HttpResponse validate(signal::SignalPath path, const net::HttpRequest& request) const;
  Result<std::unique_ptr<net::WebSocketListener>, net::HttpResponse> open(
      signal::SignalPath path, const net::HttpRequest& request, net::WebSocket& socket);
  Result<std::unique_ptr<net::WebSocketListener>, net::HttpResponse> try_open(
      signal::SignalPath path, const net::HttpRequest& request, net::WebSocket& socket);
  bool is_turned_away(const livekit::Claims* claims,
                      const signal::JoinParameters& parameters) const;

  const Authenticator& authenticator_;
  room::RoomRegistry& rooms_;
  bool draining_ = false;
};

}  // namespace gstlk::api
