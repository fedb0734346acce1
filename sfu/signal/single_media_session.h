// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include "signal/downstreams.h"
#include "signal/media_session.h"
#include "signal/offer_schedule.h"
#include "signal/peer.h"
#include "signal/remote_candidates.h"

namespace gstlk::signal {

// v1: one peer connection for everything, and only the client offers. When the server has more to
// send than the client has m-lines for, it says how many are missing (MediaSectionsRequirement).
// Main thread only.
class SingleMediaSession : public room::ParticipantMedia {
 public:
  // `participant` owns this, `media` outlives it.
  SingleMediaSession(room::Participant& participant, room::RoomMedia& media);

  void start() override {}
  void resume() override {}  // the client offers with new credentials
  void handle_offer(const ::livekit::SessionDescription& offer) override;
  void handle_answer(const ::livekit::SessionDescription& answer) override;
  bool handle_trickle(const ::livekit::TrickleRequest& request) override;
  void announce_candidates() override;

  std::optional<room::UpstreamTrack> claim(const room::UpstreamHint& hint) override;
  void publish(const Mid& mid, const room::PublishedMedia& media) override;
  void unpublish(const TrackId& track) override;
  void forward(const TrackId& track, room::RoomMedia& to) override;
  void end_forward(const TrackId& track, room::RoomMedia& to) override;
  void add_downstream(const room::DownstreamTrack& track) override;
  void update_downstream(const TrackId& track, const room::SubscriptionSettings& settings) override;
  void remove_downstream(const TrackId& track) override;
  void move_to(room::RoomMedia& room) override;
  bool send_data(room::DataChannelKind channel, ByteView message) override;
  size_t buffered_data(room::DataChannelKind channel) const override;
  void hold_data(bool hold) override;
  room::MediaReport report() const override;
  uint64_t bytes_received() const override;

 private:
  room::PeerTransport* transport() { return peer_ ? &peer_->transport() : nullptr; }
  Peer& ensure_peer();
  void send_requirement();

  room::Participant& participant_;
  room::RoomMedia* media_;  // changes with move_to()
  SinglePeerNegotiation negotiation_;
  Downstreams downstreams_;
  OfferSchedule schedule_;
  RemoteCandidates remote_candidates_;
  std::unique_ptr<Peer> peer_;  // from the first offer on
  bool holds_data_ = false;
};

}  // namespace gstlk::signal
