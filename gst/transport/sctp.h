// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/mutex.h"
#include "base/time.h"
#include "transport/data_channel.h"

struct socket;

namespace gstlk::transport {

class SctpSession;

// usrsctp is one per process, with global timers that somebody has to tick: this is that one. (It
// reads the system's clock for round-trip times all the same.) It starts with the first use and
// stays. Thread-safe.
//
// One thread calls handle_timers() about every 10 ms (worker 0). Retransmissions of every session
// therefore happen on that thread, not on the session's: SctpSession keeps what comes out in queues
// behind a mutex and calls its wakeup, and its owner picks it up.
class SctpStack {
 public:
  static SctpStack& instance();

  // Runs the timers that are due after `elapsed` more time; whole milliseconds, the rest is carried
  // over.
  void handle_timers(Duration elapsed) EXCLUDES(mutex_);

 private:
  friend class SctpSession;
  friend struct SctpCallbacks;

  SctpStack();

  // usrsctp knows sessions by a number instead of a pointer and may mention one after its end;
  // the number is then unknown here and nothing happens.
  uintptr_t add(SctpSession* session) EXCLUDES(mutex_);
  void remove(uintptr_t id) EXCLUDES(mutex_);

  // Order: usrsctp's own locks, mutex_, SctpSession::mutex_.
  Mutex mutex_;
  std::unordered_map<uintptr_t, SctpSession*> sessions_ GUARDED_BY(mutex_);
  uintptr_t next_id_ GUARDED_BY(mutex_) = 1;
  Duration carried_ GUARDED_BY(mutex_){};
};

// Called with locks held, on any thread, when a session has output or events that its owner did not
// cause itself. May only set a flag or write to an eventfd.
struct SctpWakeup {
  void (*call)(void* data) = nullptr;
  void* data = nullptr;  // outlives the session
};

struct SctpConnected {};
struct SctpClosed {};
using SctpEvent =
    std::variant<SctpConnected, SctpClosed, DataChannelOpened, DataChannelClosed, DataMessage>;

// One SCTP association over DTLS (RFC 8261) with its data channels (RFC 8831, 8832). Both sides
// connect; the collision is SCTP's business. The owner drives it: handle_packet(), then
// poll_event() and poll_packet() until empty, and again after a wakeup.
// Methods: one thread, the owner's. What usrsctp calls may run on the thread of
// SctpStack::handle_timers().
// Left out: message interleaving (RFC 8260), priorities, pre-negotiated channels.
class SctpSession {
 public:
  static constexpr size_t kMaxMessageSize = 65535;        // sent; a=max-message-size
  static constexpr size_t kMaxReceivedSize = 256 * 1024;  // reassembled; longer is dropped
  static constexpr size_t kSendBuffer = 2 * 1024 * 1024;
  static constexpr uint16_t kDefaultPort = 5000;
  static constexpr uint16_t kMaxStreams = 128;

  // The DTLS client gets the even streams, the server the odd. RFC 8832 section 6.
  enum class Streams : uint8_t { Even, Odd };

  SctpSession(Streams streams, uint16_t local_port, uint16_t remote_port, SctpWakeup wakeup);
  ~SctpSession();
  SctpSession(const SctpSession&) = delete;
  SctpSession& operator=(const SctpSession&) = delete;

  // Sends INIT. False when usrsctp refuses.
  [[nodiscard]] bool start();
  void handle_packet(ByteView packet);
  std::optional<Bytes> poll_packet() EXCLUDES(mutex_);
  std::optional<SctpEvent> poll_event() EXCLUDES(mutex_);

  // Opens a channel, at once or when the association is up; nullopt when no stream is left.
  // DataChannelOpened follows when the peer has acknowledged it, but sending may start now.
  std::optional<ChannelId> open_channel(DataChannelConfig config);
  // False when the channel does not exist or the association is not up, when the message is too
  // long, or when the send buffer is full.
  [[nodiscard]] bool send(ChannelId id, ByteView bytes, bool binary);
  // DataChannelClosed follows when the peer has closed its side too.
  void close_channel(ChannelId id);

  bool connected() const { return connected_; }
  uint64_t dropped() const EXCLUDES(mutex_);

 private:
  friend struct SctpCallbacks;

  struct Channel {
    DataChannelConfig config;
    bool acknowledged = false;  // by the peer, or opened by it
    bool closing = false;       // our side is reset
  };
  // What usrsctp reported, until the owner polls.
  struct Received {
    ChannelId stream;
    DataPpid ppid;
    Bytes bytes;
  };
  struct AssociationChanged {
    bool up;
  };
  struct StreamsReset {
    std::vector<ChannelId> streams;
  };
  using Input = std::variant<Received, AssociationChanged, StreamsReset>;
  // A message of which the end is missing.
  struct Partial {
    Bytes bytes;
    bool too_long = false;
  };
  struct Control {
    ChannelId stream;
    Bytes bytes;
  };

  bool configure_socket();
  bool connect_socket();

  // Called by usrsctp, on any thread.
  void queue_packet(ByteView packet) EXCLUDES(mutex_);
  void queue_data(ChannelId stream, DataPpid ppid, ByteView bytes, bool complete) EXCLUDES(mutex_);
  void queue_notification(ByteView notification) EXCLUDES(mutex_);
  void queue_input(Input input) REQUIRES(mutex_);
  void forget_partial(ChannelId stream) REQUIRES(mutex_);
  void wake() const;

  std::optional<Input> take_input() EXCLUDES(mutex_);
  void handle_input(Received input);
  void handle_input(AssociationChanged input);
  void handle_input(StreamsReset input);
  void handle_dcep(const Received& input);
  void count_drop() EXCLUDES(mutex_);

  // DCEP messages wait until usrsctp takes them.
  void send_control(ChannelId id, Bytes message);
  void flush_control();
  bool send_message(ChannelId id, const DataChannelConfig& how, DataPpid ppid, ByteView bytes);
  void reset_stream(ChannelId id);

  const Streams streams_;
  const uint16_t local_port_;
  const uint16_t remote_port_;
  const SctpWakeup wakeup_;
  uintptr_t id_ = 0;
  struct socket* socket_ = nullptr;
  bool connected_ = false;
  std::map<ChannelId, Channel> channels_;
  ChannelId next_stream_;
  std::deque<Control> control_;
  std::deque<SctpEvent> events_;

  mutable Mutex mutex_;
  std::deque<Bytes> packets_ GUARDED_BY(mutex_);
  std::deque<Input> inputs_ GUARDED_BY(mutex_);
  std::map<ChannelId, Partial> partial_ GUARDED_BY(mutex_);
  size_t partial_size_ GUARDED_BY(mutex_) = 0;
  uint64_t dropped_ GUARDED_BY(mutex_) = 0;
};

}  // namespace gstlk::transport
