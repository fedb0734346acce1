// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "livekit_rtc.pb.h"
#include "room/media.h"
#include "room/participant.h"
#include "signal/negotiation.h"
#include "signal/remote_candidates.h"

namespace gstlk::signal {

// One peer connection of a media session: the transport, the candidates that are trickled for it,
// and which of LiveKit's data channels are open. What happens goes to the callbacks. Main thread
// only.
class Peer : public room::PeerTransportListener {
 public:
  struct Callbacks {
    std::function<void()> ice_connected;
    std::function<void()> connected;
    std::function<void()> failed;
    std::function<void()> channels_open;  // _reliable and _lossy both
    std::function<void(room::DataChannelKind, ByteView)> data;
    std::function<void(room::DataChannelKind)> data_low;
  };

  // `participant` outlives this.
  Peer(room::Participant& participant, room::RoomMedia& media, ::livekit::SignalTarget target,
       Callbacks callbacks);

  room::PeerTransport& transport() { return *transport_; }
  const room::PeerTransport& transport() const { return *transport_; }
  bool has_channels() const { return reliable_open_ && lossy_open_; }

  // What is known of the connection; `candidates` are the client's.
  room::TransportReport report(const char* role, const RemoteCandidates& candidates) const;

  LocalDescription local_description() const;
  // New credentials; the next description carries them, and the candidates follow again.
  void restart_ice();
  // What an offer and its answer have settled.
  void apply(const room::RemoteTransport& remote, const std::vector<sdp::MediaPlan>& plans);
  // After our description went out: the candidates, if they have not been sent.
  void send_candidates(const std::vector<sdp::MediaPlan>& plans);
  void send_candidates(const Mid& first);
  // Those that there are now and that were not sent, if any were.
  void announce_candidates();

  void on_ice_connected() override { callbacks_.ice_connected(); }
  void on_connected() override { callbacks_.connected(); }
  void on_failed() override { callbacks_.failed(); }
  void on_data_channel_open(room::DataChannelKind channel) override;
  void on_data(room::DataChannelKind channel, ByteView message) override {
    callbacks_.data(channel, message);
  }
  void on_data_low(room::DataChannelKind channel) override { callbacks_.data_low(channel); }

 private:
  void trickle();

  room::Participant& participant_;
  const ::livekit::SignalTarget target_;
  const Callbacks callbacks_;
  std::optional<Mid> candidates_mid_;         // once they have been sent
  std::vector<std::string> candidates_sent_;  // as place_of() names them
  bool reliable_open_ = false;
  bool lossy_open_ = false;
  std::unique_ptr<room::PeerTransport> transport_;
};

}  // namespace gstlk::signal
