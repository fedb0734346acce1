// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/signal_message.h"

#include "livekit/messages.h"
#include "livekit_rtc.pb.h"

namespace gstlk::room {

const Payload& SignalMessage::payload(FrameKind kind) const {
  Payload& payload = kind == FrameKind::Binary ? binary_ : text_;
  if (!payload) {
    payload = std::make_shared<const std::string>(
        kind == FrameKind::Binary ? response_.SerializeAsString() : livekit::to_json(response_));
  }
  return payload;
}

}  // namespace gstlk::room
