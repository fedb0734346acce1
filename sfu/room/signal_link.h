// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "room/signal_message.h"

namespace gstlk::room {

// A participant's way to its client while a WebSocket is open; signal::Session implements it.
class SignalLink {
 public:
  virtual ~SignalLink() = default;
  virtual void send(const SignalMessage& message) = 0;
  // The participant lets go of the link: what was sent is flushed, then the WebSocket is closed.
  virtual void detach(bool normal) = 0;
};

}  // namespace gstlk::room
