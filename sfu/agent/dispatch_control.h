// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "base/result.h"
#include "room/errors.h"

namespace livekit {
class AgentDispatch;
class CreateAgentDispatchRequest;
class DeleteAgentDispatchRequest;
class ListAgentDispatchRequest;
class ListAgentDispatchResponse;
}  // namespace livekit

namespace gstlk::agent {

// What LiveKit's AgentDispatchService asks for, after the caller's grants were checked. Main thread
// only.
class DispatchControl {
 public:
  virtual ~DispatchControl() = default;
  // Makes the room where rooms are made by the first who comes. `request_id` is the caller's: a
  // request that is sent again makes no second dispatch. May be empty.
  virtual Result<::livekit::AgentDispatch, room::ApiError> create_dispatch(
      const ::livekit::CreateAgentDispatchRequest& request, const std::string& request_id) = 0;
  virtual Result<::livekit::AgentDispatch, room::ApiError> delete_dispatch(
      const ::livekit::DeleteAgentDispatchRequest& request) = 0;
  virtual Result<::livekit::ListAgentDispatchResponse, room::ApiError> list_dispatch(
      const ::livekit::ListAgentDispatchRequest& request) = 0;
};

}  // namespace gstlk::agent
