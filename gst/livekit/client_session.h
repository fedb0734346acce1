// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"
#include "livekit/messages.h"
#include "livekit_rtc.pb.h"

namespace gstlk::livekit {

enum class SessionState : uint8_t {
  Idle,
  Connecting,    // the first join
  Connected,     // joined, and the primary peer connection is connected
  Reconnecting,  // lost, joining anew
  Ended,
};

const char* to_string(SessionState state);

enum class EndCause : uint8_t {
  Left,         // by ourselves
  Refused,      // the server answered the join with 4xx: token, room, grants. To one that was
                // connected only 401 is final
  Unreachable,  // no server, within the time given for the first join or for coming back; with
                // the reason JOIN_FAILURE: one that lets nobody in, because the room is full
  Removed,      // by the server, for good; `reason` says why
};

struct SessionEnd {
  EndCause cause = EndCause::Left;
  ::livekit::DisconnectReason reason = ::livekit::UNKNOWN_REASON;
  std::string message;  // the server's words where it gave any
};

// How a WebSocket failed to open, or ended.
struct SocketFault {
  unsigned status = 0;  // HTTP, when the server answered the upgrade with something else
  std::string message;
};

// The client's side of a LiveKit session (protocol sections 3, 4.3, 5 and 11): when to connect,
// what to make of what comes, when the connection is dead and when to try again. A lost session is
// always joined anew (section 11.4); it is never resumed, because webrtcbin cannot restart ICE.
// Until the new join succeeds the old peer connections go on, and so does their media.
//
// Sans-I/O: give it one input, then poll_event() until nullopt, then sleep until next_timeout().
// Not thread-safe.
class ClientSession {
 public:
  struct Options {
    Duration join_timeout = 15s;             // the first join, from open() to Connected
    Duration retry_for = Duration::zero();   // a lost session; zero: for ever
    Duration attempt_timeout = 10s;          // one attempt, from socket to first message
    Duration peer_connection_timeout = 15s;  // from join to the primary peer connection
    RandomSource random = nullptr;           // for the jitter of retries
  };

  // What the owner has to do, in this order.
  struct OpenSocket {};
  struct CloseSocket {};
  struct Send {
    Bytes message;
  };
  struct StartPeers {
    ::livekit::JoinResponse join;
  };
  struct StopPeers {};
  struct StateChange {
    SessionState state = SessionState::Idle;
    std::string detail;
  };
  struct Received {
    ::livekit::SignalResponse message;
  };
  struct Ended {
    SessionEnd end;
  };
  using Event = std::variant<OpenSocket, CloseSocket, Send, StartPeers, StopPeers, StateChange,
                             Received, Ended>;

  explicit ClientSession(const Options& options) : options_(options) {}

  void open(Timestamp now);
  // Leaves the room.
  void close(Timestamp now);

  void handle_message(ByteView message, Timestamp now);
  void handle_socket_closed(const SocketFault& fault, Timestamp now);
  void handle_peer_connected(::livekit::SignalTarget target, Timestamp now);
  void handle_peer_failed(::livekit::SignalTarget target, const std::string& why, Timestamp now);
  // Joins anew at once, because of what we want and not because of a loss.
  void rejoin(const std::string& why, Timestamp now);
  void handle_timeout(Timestamp now);
  std::optional<Timestamp> next_timeout() const;

  std::optional<Event> poll_event();

  // Dropped unless the session is joined: peers say everything again when they are started.
  void send(const ::livekit::SignalRequest& request);

  SessionState state() const { return state_; }
  bool joined() const { return joined_; }
  // Newest refresh_token; empty when the server has sent none.
  const std::string& refreshed_token() const { return refreshed_token_; }
  // Of the signal connection, by ping and pong; zero until measured.
  Duration round_trip() const { return round_trip_; }

 private:
  void connect(Timestamp now);
  void handle_first(::livekit::SignalResponse& message, Timestamp now);
  void handle_join(::livekit::JoinResponse& join, Timestamp now);
  void handle_leave(const ::livekit::LeaveRequest& leave, Timestamp now);
  void handle_pong(int64_t sent, Timestamp now);
  void ping(Timestamp now);
  void lose(const std::string& why, Timestamp now,
            ::livekit::DisconnectReason reason = ::livekit::UNKNOWN_REASON);
  void leave_connected(Timestamp now);
  void retry(Timestamp now);
  void end(EndCause cause, std::string message,
           ::livekit::DisconnectReason reason = ::livekit::UNKNOWN_REASON);
  void close_socket();
  void set_state(SessionState state, std::string detail);
  Duration retry_delay();
  bool out_of_time(Timestamp now) const;

  const Options options_;
  std::deque<Event> events_;
  SessionState state_ = SessionState::Idle;
  bool was_connected_ = false;
  bool socket_ = false;  // open or opening
  bool joined_ = false;
  bool peers_ = false;
  bool primary_connected_ = false;
  ::livekit::SignalTarget primary_ = ::livekit::SUBSCRIBER;
  unsigned attempts_ = 0;
  Timestamp connected_since_{};
  Timestamp trying_since_{};
  std::string refreshed_token_;
  Duration ping_interval_ = 5s;
  Duration ping_timeout_ = 15s;
  Duration round_trip_{};
  std::optional<Timestamp> attempt_ends_;
  std::optional<Timestamp> primary_ends_;
  std::optional<Timestamp> next_try_;
  std::string failure_;  // of the last attempt, as is failure_reason_
  ::livekit::DisconnectReason failure_reason_ = ::livekit::UNKNOWN_REASON;
  std::optional<Timestamp> next_ping_;
  std::optional<Timestamp> silence_ends_;
};

}  // namespace gstlk::livekit
