// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "room/errors.h"
#include "room/timers.h"

namespace livekit {
class DataPacket;
class PerformRpcRequest;
class RpcResponse;
}  // namespace livekit

namespace gstlk::room {

class Participant;
class Room;

// RoomService's PerformRpc: LiveKit's remote procedure calls from the server to a participant, in
// data packets. The call is made by nobody who is in the room: its id stands for the caller's
// identity. A client has two seconds to acknowledge, and as long as the request says to answer.
// Main thread only.
class RpcCalls {
 public:
  explicit RpcCalls(Room& room) : room_(room) {}  // which owns this

  using Done = std::function<void(Result<std::string, ApiError> payload)>;
  // `done` is called once, maybe from inside.
  void start(Participant& destination, const ::livekit::PerformRpcRequest& request, Done done);
  // True: it belongs to a call of ours, and nobody else shall have it.
  bool take(const Participant& sender, const ::livekit::DataPacket& packet);
  // It has left.
  void forget(const ParticipantId& participant);

 private:
  struct Call {
    ParticipantId destination;
    Done done;
    std::unique_ptr<Timer> acknowledgement;
    std::unique_ptr<Timer> response;
  };

  Call* find(const Participant& sender, const std::string& id);
  void fail(const std::string& id, uint32_t code);
  void finish(const std::string& id, Result<std::string, ApiError> payload);

  Room& room_;
  std::map<std::string, Call> calls_;  // by id
};

}  // namespace gstlk::room
