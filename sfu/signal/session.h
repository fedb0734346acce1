// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "room/errors.h"
#include "room/room_registry.h"
#include "room/signal_message.h"

namespace gstlk::livekit {
struct Claims;
}

namespace gstlk::signal {

struct JoinParameters;

using room::FrameKind;
using room::Payload;

// The WebSocket, as net/ implements it. Main thread only.
class SignalSink {
 public:
  virtual ~SignalSink() = default;
  // Queues one message; before the upgrade is answered, it waits for that. `payload` may be shared
  // with other sockets. Must not call the session from inside.
  virtual void send(FrameKind kind, const Payload& payload) = 0;
  // Flushes what is queued (for at most 250 ms), then closes. Must not call the session from
  // inside. Nothing is sent after it.
  virtual void close(uint16_t code) = 0;
};

// WebSocket close codes used here, RFC 6455 section 7.4.1.
inline constexpr uint16_t kCloseNormal = 1000;
inline constexpr uint16_t kCloseGoingAway = 1001;
inline constexpr uint16_t kCloseUnsupportedData = 1003;

// One signalling WebSocket of one participant (SignalRequest in, SignalResponse out). The
// participant outlives it: a resume is a new Session for the same participant. Main thread only.
class Session {
 public:
  // Joins (or resumes) as `claims` and `parameters` say. On success the first message is already in
  // `sink`, and the WebSocket may be upgraded; it may be followed by close(). `claims` is null when
  // no token came. `sink` outlives the session.
  static Result<std::unique_ptr<Session>, room::HttpError> start(room::RoomRegistry& registry,
                                                                 const livekit::Claims* claims,
                                                                 JoinParameters parameters,
                                                                 SignalSink& sink);
  virtual ~Session() = default;  // the WebSocket is gone; the participant waits for a resume

  virtual void handle_binary(ByteView message) = 0;
  virtual void handle_text(std::string_view message) = 0;
};

// What /rtc/validate answers: nothing is wrong, or what start() would refuse with.
Result<void, room::HttpError> validate(room::RoomRegistry& registry, const livekit::Claims* claims,
                                       const JoinParameters& parameters);

}  // namespace gstlk::signal
