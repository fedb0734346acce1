// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace livekit {
class SignalResponse;
}

namespace gstlk::room {

// A WebSocket frame's kind, RFC 6455 section 5.6: protobuf goes in binary frames, its JSON in text.
enum class FrameKind : uint8_t { Binary, Text };

// Shared because one serialised update waits in the queues of many sockets.
using Payload = std::shared_ptr<const std::string>;

// A SignalResponse for any number of participants, serialised at most once per frame kind.
// Main thread only.
class SignalMessage {
 public:
  explicit SignalMessage(const ::livekit::SignalResponse& response) : response_(response) {}
  SignalMessage(const SignalMessage&) = delete;
  SignalMessage& operator=(const SignalMessage&) = delete;

  const ::livekit::SignalResponse& response() const { return response_; }
  const Payload& payload(FrameKind kind) const;

 private:
  const ::livekit::SignalResponse& response_;  // the caller's, for the call
  mutable Payload binary_;
  mutable Payload text_;
};

}  // namespace gstlk::room
