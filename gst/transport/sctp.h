// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
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
#include "transport/sctp_reassembly.h"

struct socket;
struct sctp_status;

namespace gstlk::transport {

class SctpSession;

// usrsctp is one per process, with global timers that somebody has to tick: this is that one. (It
// reads the system's clock for round-trip times all the same.) It starts with the first use and
// stays. Thread-safe.
//
// One thread calls handle_timers() about every kTick, or kIdleTick (worker 0): usrsctp goes through
// all timers of all associations each time. Retransmissions of every session
// therefore happen on that thread, not on the session's: SctpSession keeps what comes out in queues
// behind a mutex and calls its wakeup, and its owner picks it up.
class SctpStack {
 public:
  static constexpr Duration kTick = 10ms;
  static constexpr Duration kIdleTick = 50ms;

  static SctpStack& instance();

  // Runs the timers that are due after `elapsed` more time; whole milliseconds, the rest is carried
  // over.
  void handle_timers(Duration elapsed) EXCLUDES(mutex_);
  // Whether more than heartbeats came or went since the last call.
  bool take_busy() { return busy_.exchange(false, std::memory_order_relaxed); }

 private:
  friend class SctpSession;
  friend struct SctpCallbacks;

  SctpStack();
  void note_packet(ByteView packet);

  // usrsctp knows sessions by a number instead of a pointer and may mention one after its end;
  // the number is then unknown here and nothing happens.
  uintptr_t add(SctpSession* session) EXCLUDES(mutex_);
  void remove(uintptr_t id) EXCLUDES(mutex_);

  // Order: usrsctp's own locks, mutex_, SctpSession::mutex_.
  Mutex mutex_;
  std::unordered_map<uintptr_t, SctpSession*> sessions_ GUARDED_BY(mutex_);
  uintptr_t next_id_ GUARDED_BY(mutex_) = 1;
  Duration carried_ GUARDED_BY(mutex_){};
  std::atomic<bool> busy_{false};
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
//
// What is received stays with usrsctp until poll_event() asks for it, so an owner that does not ask
// closes the window of its peer. What is sent goes to usrsctp when it can be sent soon; before, it
// waits in its channel's queue, and the queues take turns: a file on one channel does not keep the
// messages of another waiting behind it.
// Methods: one thread, the owner's. What usrsctp calls may run on the thread of
// SctpStack::handle_timers().
// Left out: message interleaving (RFC 8260), priorities, pre-negotiated channels.
class SctpSession {
 public:
  static constexpr size_t kMaxMessageSize = 65535;        // sent; a=max-message-size
  static constexpr size_t kMaxReceivedSize = 256 * 1024;  // reassembled; longer is dropped
  static constexpr size_t kReceiveBuffer = 256 * 1024;    // not yet polled
  static constexpr size_t kSendBuffer = 2 * 1024 * 1024;  // usrsctp's: under way, of all channels
  static constexpr size_t kMaxWaiting = 4 * 1024 * 1024;  // not yet usrsctp's, of one channel
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
  // long, or when too much waits in the channel's queue.
  [[nodiscard]] bool send(ChannelId id, ByteView bytes, bool binary);
  // Bytes in the channel's queue: of no message that is on its way.
  size_t waiting(ChannelId id) const;
  // False: poll_event() leaves what is received with usrsctp, whose window closes after
  // kReceiveBuffer. Everything waits then, the association's end and new channels too.
  void set_receiving(bool receiving) { receiving_ = receiving; }
  // What waits in the channel's queue is dropped. DataChannelClosed follows when the peer has
  // closed its side too.
  void close_channel(ChannelId id);

  bool connected() const { return connected_; }
  uint64_t dropped() const EXCLUDES(mutex_);

 private:
  friend struct SctpCallbacks;

  struct Channel {
    DataChannelConfig config;
    bool acknowledged = false;  // by the peer, or opened by it
    bool closing = false;       // our side is reset
    struct Message {
      Bytes bytes;
      bool binary;
    };
    std::deque<Message> queue{};
    size_t queued = 0;  // bytes
  };
  struct Received {
    ChannelId stream;
    DataPpid ppid;
    Bytes bytes;
  };
  struct Control {
    ChannelId stream;
    Bytes bytes;
  };

  bool configure_socket();
  bool connect_socket();

  // Called by usrsctp, on any thread.
  void queue_packet(ByteView packet) EXCLUDES(mutex_);
  void note_sent(ByteView packet) REQUIRES(mutex_);
  void wake() const;

  // Takes one message, or a piece of one, from usrsctp. False: there is none.
  bool read();
  void handle_data(ChannelId stream, DataPpid ppid, ByteView bytes, bool complete);
  void handle_notification(ByteView notification);
  void handle_association_change(bool up);
  void handle_stream_reset(ChannelId id);
  void handle_message(Received message);
  void handle_dcep(const Received& message);
  void count_drop() EXCLUDES(mutex_);

  // DCEP messages wait until usrsctp takes them.
  void send_control(ChannelId id, Bytes message);
  void flush_control();
  bool send_message(ChannelId id, const DataChannelConfig& how, DataPpid ppid, ByteView bytes)
      EXCLUDES(mutex_);
  bool send_now(ChannelId id, const Channel& channel, ByteView bytes, bool binary);
  // Whether usrsctp should get another message: nearly all it has is on its way.
  bool is_hungry() EXCLUDES(mutex_);
  std::optional<sctp_status> read_status() const;
  void note_window();
  void feed();
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
  bool receiving_ = true;
  SctpReassembly reassembly_{kMaxReceivedSize};
  ChannelId next_fed_ = 0;
  bool is_pressed_ = false;  // for acknowledgements, as of note_window()

  mutable Mutex mutex_;
  std::deque<Bytes> packets_ GUARDED_BY(mutex_);
  // Bytes of messages that usrsctp took and has not put into a packet yet, by the highest TSN that
  // was in one.
  size_t unsent_ GUARDED_BY(mutex_) = 0;
  std::optional<uint32_t> last_tsn_ GUARDED_BY(mutex_);
  uint64_t dropped_ GUARDED_BY(mutex_) = 0;
};

}  // namespace gstlk::transport
