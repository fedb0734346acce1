// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "plugins/livekit/peer_connection.h"
#include "plugins/livekit/session_peer.h"

namespace gstlk::client {

class RoomSession;

// What is done with a subscriber's peer connection by who wants media of it. Client thread.
class SubscriberOwner {
 public:
  virtual ~SubscriberOwner() = default;
  // There is a new peer connection, which has not started.
  virtual void on_peer_connection(PeerConnection& peer) = 0;
  // It goes: its pads are invalid afterwards.
  virtual void on_peer_connection_gone() = 0;
  // `offer` is about to be applied: which track each mid carries from now on, by its sid.
  virtual void on_offer(const std::map<std::string, std::string>& mid_to_track) = 0;
};

// The subscriber's half of the dual-peer-connection protocol: the server offers, we answer
// (protocol sections 4.3 and 6.1). Data channels are of the server's making. Client thread only.
class Subscriber : public SessionPeer, public PeerConnection::Listener {
 public:
  // `session` outlives this. `bin` and `owner` too; both null: data alone.
  Subscriber(RoomSession& session, GstBin* bin, SubscriberOwner* owner);
  ~Subscriber() override;

  void start(const ::livekit::JoinResponse& join) override;
  void stop() override;
  void handle(const ::livekit::SignalResponse& message) override;
  bool send_data(bool reliable, ByteView message) override;

 private:
  void handle_offer(const ::livekit::SessionDescription& offer);
  void apply_next_offer();
  void answer(uint32_t id);
  void send_answer(uint32_t id, const std::string& sdp);
  void offer_failed(const std::string& why);

  void on_local_candidate(unsigned mline, const std::string& candidate) override;
  void on_connected() override;
  void on_failed(const std::string& why) override;
  void on_data(const std::string& label, ByteView message) override;

  RoomSession& session_;
  GstBin* const bin_;
  SubscriberOwner* const owner_;
  ::livekit::JoinResponse join_;
  std::unique_ptr<PeerConnection> peer_;
  // By mid, what its last track was made of: a section whose track is gone must not change.
  std::map<std::string, std::string> mime_types_;
  std::deque<::livekit::SessionDescription> offers_;  // the first one is being answered
};

}  // namespace gstlk::client
