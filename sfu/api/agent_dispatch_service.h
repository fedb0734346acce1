// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace gstlk::agent {
class DispatchControl;
}  // namespace gstlk::agent

namespace gstlk::api {

class TwirpServer;

// livekit.AgentDispatchService: for administrators of the room. `dispatches` outlives the server.
void add_agent_dispatch_service(TwirpServer& server, agent::DispatchControl& dispatches);

}  // namespace gstlk::api
