// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <optional>

#include "signal/downstreams.h"
#include "signal/media_session.h"
#include "signal/offer_schedule.h"
#include "signal/peer.h"
#include "signal/remote_candidates.h"

namespace gstlk::signal {

// v0: two peer connections. On the publisher's the client offers, on the subscriber's the server.
// The server's data channels are on the subscriber's when that one is primary, else it uses those
// the client opened. Main thread only.
class DualMediaSession : public room::ParticipantMedia {
 public:
  // `participant` owns this, `media` outlives it.
  DualMediaSession(room::Participant& participant, room::RoomMedia& media);

  void start() override;
  void resume() override;
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
  std::unique_ptr<Peer> make_peer(::livekit::SignalTarget target);
  Peer& ensure_publisher();
  Peer& ensure_subscriber();
  room::PeerTransport* subscriber_transport();
  void offer();
  void drop_unsupported(const std::vector<TrackId>& tracks);

  room::Participant& participant_;
  room::RoomMedia* media_;  // changes with move_to()
  const bool subscriber_primary_;
  PublisherNegotiation publishing_;
  SubscriberNegotiation subscribing_;
  Downstreams downstreams_;
  OfferSchedule schedule_;
  std::optional<::livekit::SignalResponse> unanswered_;
  RemoteCandidates remote_candidates_;
  std::unique_ptr<Peer> publisher_;   // from the first offer on
  std::unique_ptr<Peer> subscriber_;  // from start() on when primary, else from the first track on
  bool holds_data_ = false;
};

}  // namespace gstlk::signal
