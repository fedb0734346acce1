// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/agent_dispatch_service.h"

#include <string>
#include <utility>

#include "agent/dispatch_control.h"
#include "api/twirp.h"
#include "livekit/messages.h"
#include "livekit_agent_dispatch.pb.h"

namespace gstlk::api {
namespace {

constexpr char kService[] = "AgentDispatchService";

bool may_dispatch(const livekit::Grants& grants, const std::string& room) {
  return grants.video && !room.empty() && grants.video->may_administer(room);
}

template <class Request, class Response, class Call>
void add(TwirpServer& server, const char* method, Call call) {
  server.add_async<Request, Response>(
      kService, method,
      [call](const livekit::Grants& grants, const Request& request, const net::HttpRequest& http,
             const TwirpReply<Response>& reply) {
        if (!may_dispatch(grants, request.room())) return reply(permissions_denied());
        auto result = call(request, http);
        if (!result) return reply(Unexpected{to_twirp(result.error())});
        reply(std::move(result).value());
      });
}

}  // namespace

void add_agent_dispatch_service(TwirpServer& server, agent::DispatchControl& dispatches) {
  add<pb::CreateAgentDispatchRequest, pb::AgentDispatch>(
      server, "CreateDispatch", [&dispatches](const auto& request, const net::HttpRequest& http) {
        return dispatches.create_dispatch(request,
                                          std::string(http.header("X-Livekit-Request-Id")));
      });
  add<pb::DeleteAgentDispatchRequest, pb::AgentDispatch>(
      server, "DeleteDispatch", [&dispatches](const auto& request, const net::HttpRequest&) {
        return dispatches.delete_dispatch(request);
      });
  add<pb::ListAgentDispatchRequest, pb::ListAgentDispatchResponse>(
      server, "ListDispatch", [&dispatches](const auto& request, const net::HttpRequest&) {
        return dispatches.list_dispatch(request);
      });
}

}  // namespace gstlk::api
