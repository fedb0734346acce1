// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "livekit/client_session.h"
#include "livekit/messages.h"
#include "livekit/room_state.h"
#include "plugins/livekit/client_thread.h"
#include "plugins/livekit/connection_settings.h"
#include "plugins/livekit/session_peer.h"
#include "plugins/livekit/signal_socket.h"

namespace gstlk::client {

class Publisher;
class Subscriber;

// What happens in the room, for elements. On the client thread, without a lock held; may call back
// into the session.
class RoomListener {
 public:
  virtual ~RoomListener() = default;
  virtual void on_state(livekit::SessionState state, const std::string& detail) {}
  // The session will not be tried again.
  virtual void on_ended(const livekit::SessionEnd& end) {}
  virtual void on_room_change(const livekit::RoomChange& change) {}
  // Every message of the server behind the join, after the peers and the room's state took it.
  virtual void on_message(const ::livekit::SignalResponse& message) {}
  virtual void on_data(const ::livekit::DataPacket& packet, bool reliable) {}
};

// One participant's session with a room: the signal connection, the state of the room, and the two
// peers (publisher, subscriber) of the dual-peer-connection protocol. A lost connection is joined
// anew; the peers are stopped and started then. Client thread only, except find_or_make(), thread()
// and run().
class RoomSession : public std::enable_shared_from_this<RoomSession>,
                    private SignalSocket::Listener {
 public:
  // A session of its own, or the one of this process that has the settings' session name and has
  // not ended. The error says which property is wrong: the name, too, when it is that of another
  // room.
  static Result<std::shared_ptr<RoomSession>> find_or_make(const ConnectionSettings& settings);
  ~RoomSession() override;

  ClientThread& thread() const { return *thread_; }
  // Any thread.
  bool ended() const { return ended_; }
  // Any thread: runs the task on the client thread and waits.
  void run(const std::function<void()>& task) const { thread_->run(task); }
  // For streaming threads: false, and the task never runs, when the client thread waits for those.
  [[nodiscard]] bool run_unless_stopping(std::function<void()> task) const {
    return thread_->run_unless_stopping(std::move(task));
  }

  // `listener` is told until it is removed. When the last one is, the room is left.
  void add(RoomListener& listener);
  void remove(RoomListener& listener);

  // Joins, unless that was done before. Set the peers first: one that comes later makes the session
  // join anew, and so does one that goes before the others.
  void open();

  // Instead of a peer that carries data alone. At most one of each kind: false when there is one.
  // nullptr takes it away; that never fails.
  [[nodiscard]] bool set_publisher(SessionPeer* publisher);
  [[nodiscard]] bool set_subscriber(SessionPeer* subscriber);

  void send(const ::livekit::SignalRequest& request);
  void peer_connected(::livekit::SignalTarget target);
  // The peer connection is lost beyond repair: joins anew.
  void peer_failed(::livekit::SignalTarget target, const std::string& why);
  // A message on a data channel of a peer; a reliable one that came before is dropped.
  void handle_data(ByteView message, bool reliable);
  // Numbers what is reliable. By the publisher's channels; where no element publishes the first
  // call makes a peer for them. False when it cannot be sent now.
  [[nodiscard]] bool publish_data(::livekit::DataPacket& packet, bool reliable);

  const livekit::RoomState& room() const { return room_; }
  // Whether what is sent arrives: not while a lost connection is made anew.
  bool joined() const { return session_.joined(); }
  livekit::SessionState state() const { return session_.state(); }
  Duration round_trip() const { return session_.round_trip(); }
  const ConnectionSettings& settings() const { return settings_; }

 private:
  RoomSession(const ConnectionSettings& settings, std::shared_ptr<ClientThread> thread);

  void on_signal_message(ByteView message) override;
  void on_signal_closed(const livekit::SocketFault& fault) override;

  // Carries out what the session core wants, until it wants nothing.
  void drive();
  void handle(livekit::ClientSession::OpenSocket&);
  void handle(livekit::ClientSession::CloseSocket&);
  void handle(livekit::ClientSession::Send& send);
  void handle(livekit::ClientSession::StartPeers& start);
  void handle(livekit::ClientSession::StopPeers&);
  void handle(livekit::ClientSession::StateChange& change);
  void handle(livekit::ClientSession::Received& received);
  void handle(livekit::ClientSession::Ended& ended);
  void tell(const std::vector<livekit::RoomChange>& changes);
  template <class F>
  void for_each_listener(F&& tell);
  bool replace_peer(SessionPeer*& place, SessionPeer* peer);
  void rejoin(const std::string& why);
  // nullptr when nothing is published, nor data.
  SessionPeer* any_publisher() const;

  const ConnectionSettings settings_;
  const std::shared_ptr<ClientThread> thread_;
  livekit::ClientSession session_;
  livekit::RoomState room_;
  SignalSocket socket_;
  ClientTimer timer_;
  ClientTimer rejoin_;  // runs when a peer was taken away
  std::vector<RoomListener*> listeners_;
  SessionPeer* publisher_ = nullptr;                    // of an element; outlives its place here
  SessionPeer* subscriber_ = nullptr;                   // likewise
  std::unique_ptr<Subscriber> data_subscriber_;         // while no element subscribes
  std::unique_ptr<Publisher> data_publisher_;           // likewise, from the first data on
  ::livekit::JoinResponse join_;                        // of what a peer is started with later
  uint32_t last_sequence_ = 0;                          // of our reliable data packets
  std::map<std::string, uint32_t> received_sequences_;  // by participant sid
  std::atomic<bool> ended_ = false;
  bool driving_ = false;
  bool peers_running_ = false;
};

}  // namespace gstlk::client
