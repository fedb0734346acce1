// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/bytes.h"
#include "livekit_rtc.pb.h"

namespace gstlk::client {

// The half of a room session that has a peer connection: what publishes, and what subscribes. The
// session tells it when its participant begins and ends, and gives it the server's messages. All on
// the client thread.
class SessionPeer {
 public:
  virtual ~SessionPeer() = default;

  // The session has joined, for the first time or anew after a loss. Nothing of an earlier
  // participant is valid any more: sids, peer connection, data channels.
  virtual void start(const ::livekit::JoinResponse& join) = 0;
  // The participant is no more. The peer connection goes; what the user wants stays.
  virtual void stop() = 0;
  // A message after the join, of any kind; those that are not about this peer are ignored.
  virtual void handle(const ::livekit::SignalResponse& message) = 0;
  // On this peer's data channel. False when it cannot be sent now.
  [[nodiscard]] virtual bool send_data(bool reliable, ByteView message) { return false; }
};

}  // namespace gstlk::client
