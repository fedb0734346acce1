// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/rtc_service.h"

#include <optional>
#include <utility>

#include "room/room.h"
#include "room/room_registry.h"
#include "signal/session.h"

namespace gstlk::api {
namespace {

using signal::SignalPath;

// One WebSocket with the session behind it.
class SignalSocket : public net::WebSocketListener, private signal::SignalSink {
 public:
  explicit SignalSocket(net::WebSocket& socket) : socket_(socket) {}

  Result<void, room::HttpError> start(room::RoomRegistry& rooms, const livekit::Claims* claims,
                                      signal::JoinParameters parameters) {
    auto session = signal::Session::start(rooms, claims, std::move(parameters), *this);
    if (!session) return Unexpected{session.error()};
    session_ = std::move(session).value();
    return {};
  }

  void on_text(std::string_view message) override { session_->handle_text(message); }
  void on_binary(std::string_view message) override { session_->handle_binary(as_bytes(message)); }

 private:
  void send(signal::FrameKind kind, const signal::Payload& payload) override {
    if (kind == signal::FrameKind::Text) {
      socket_.send_text(payload);
    } else {
      socket_.send_binary(payload);
    }
  }
  void close(uint16_t code) override { socket_.close(code); }

  net::WebSocket& socket_;
  std::unique_ptr<signal::Session> session_;
};

net::HttpResponse to_response(const room::HttpError& error) {
  return net::plain_text(error.status, error.text);
}

net::HttpResponse shutting_down() { return net::plain_text(503, "the server is shutting down"); }

const livekit::Claims* pointer(const std::optional<livekit::Claims>& claims) {
  return claims ? &*claims : nullptr;
}

Result<signal::JoinParameters, room::HttpError> read_parameters(SignalPath path,
                                                                const net::HttpRequest& request) {
  return signal::parse_join_parameters(path, request.query, request.header("User-Agent"),
                                       request.client_address());
}

}  // namespace

RtcService::RtcService(const Authenticator& authenticator, room::RoomRegistry& rooms)
    : authenticator_(authenticator), rooms_(rooms) {}

void RtcService::add_to(net::HttpServer& server) {
  constexpr std::pair<const char*, SignalPath> kPaths[] = {{"/rtc", SignalPath::V0},
                                                           {"/rtc/v1", SignalPath::V1}};
  for (const auto& [name, path] : kPaths) {
    server.add_web_socket(
        name, [this, path = path](const net::HttpRequest& request, net::WebSocket& socket) {
          return open(path, request, socket);
        });
    server.add_handler(std::string(name) + "/validate",
                       [this, path = path](const net::HttpRequest& request) {
                         net::HttpResponse response = validate(path, request);
                         // Or the page that asks cannot read why it failed.
                         response.headers.emplace_back("Access-Control-Allow-Origin", "*");
                         return response;
                       });
  }
}

net::HttpResponse RtcService::validate(SignalPath path, const net::HttpRequest& request) const {
  const auto claims = authenticator_.authenticate(request);
  if (!claims) return claims.error();
  const auto parameters = read_parameters(path, request);
  if (!parameters) return to_response(parameters.error());
  if (is_turned_away(pointer(*claims), *parameters)) return shutting_down();
  const auto valid = signal::validate(rooms_, pointer(*claims), *parameters);
  return valid ? net::plain_text(200, "success") : to_response(valid.error());
}

Result<std::unique_ptr<net::WebSocketListener>, net::HttpResponse> RtcService::open(
    SignalPath path, const net::HttpRequest& request, net::WebSocket& socket) {
  auto opened = try_open(path, request, socket);
  if (!opened) ++rooms_.tally().refused_joins;
  return opened;
}

Result<std::unique_ptr<net::WebSocketListener>, net::HttpResponse> RtcService::try_open(
    SignalPath path, const net::HttpRequest& request, net::WebSocket& socket) {
  const auto claims = authenticator_.authenticate(request);
  if (!claims) return Unexpected{claims.error()};
  auto parameters = read_parameters(path, request);
  if (!parameters) return Unexpected{to_response(parameters.error())};
  if (is_turned_away(pointer(*claims), *parameters)) return Unexpected{shutting_down()};
  auto signal_socket = std::make_unique<SignalSocket>(socket);
  const auto started = signal_socket->start(rooms_, pointer(*claims), std::move(*parameters));
  if (!started) return Unexpected{to_response(started.error())};
  return std::unique_ptr<net::WebSocketListener>(std::move(signal_socket));
}

bool RtcService::is_turned_away(const livekit::Claims* claims,
                                const signal::JoinParameters& parameters) const {
  if (!draining_ || parameters.reconnect) return false;
  // Whose token is refused anyway gets to know that first.
  if (!claims || !claims->grants.video) return false;
  const room::Room* room = rooms_.find(RoomName(claims->grants.video->room));
  return !room || !room->has_participants();
}

}  // namespace gstlk::api
