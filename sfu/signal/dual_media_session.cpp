// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/dual_media_session.h"

#include "room/room.h"
#include "signal/log.h"

namespace gstlk::signal {

DualMediaSession::DualMediaSession(room::Participant& participant, room::RoomMedia& media)
    : participant_(participant),
      media_(&media),
      subscriber_primary_(participant.is_subscriber_primary()),
      publishing_(negotiation_options(participant)),
      subscribing_(negotiation_options(participant)),
      schedule_(
          participant.room().timers(), [this] { offer(); },
          [this] {
            // Who is away cannot answer; resume() repeats the offer.
            if (participant_.has_link())
              participant_.on_negotiation_failed("no answer to an offer");
          }) {}

std::unique_ptr<Peer> DualMediaSession::make_peer(::livekit::SignalTarget target) {
  // The primary connection makes the participant active, and it carries the server's data.
  const bool primary = (target == ::livekit::SUBSCRIBER) == subscriber_primary_;
  auto peer = std::make_unique<Peer>(
      participant_, *media_, target,
      Peer::Callbacks{.ice_connected = [this] { participant_.on_ice_connected(); },
                      .connected =
                          [this, primary] {
                            if (primary) participant_.on_media_connected();
                          },
                      .failed = [this] { participant_.on_media_failed(); },
                      .channels_open =
                          [this, primary] {
                            if (primary) participant_.on_data_channels_open();
                          },
                      .data = [this](room::DataChannelKind channel,
                                     ByteView message) { participant_.on_data(channel, message); },
                      .data_low =
                          [this, primary](room::DataChannelKind channel) {
                            if (primary) participant_.on_data_low(channel);
                          }});
  if (holds_data_) peer->transport().hold_data(true);
  return peer;
}

Peer& DualMediaSession::ensure_publisher() {
  if (!publisher_) publisher_ = make_peer(::livekit::PUBLISHER);
  return *publisher_;
}

Peer& DualMediaSession::ensure_subscriber() {
  if (!subscriber_) {
    subscriber_ = make_peer(::livekit::SUBSCRIBER);
    if (subscriber_primary_) subscriber_->transport().open_data_channels();
  }
  return *subscriber_;
}

room::PeerTransport* DualMediaSession::subscriber_transport() {
  return subscriber_ ? &subscriber_->transport() : nullptr;
}

void DualMediaSession::start() {
  if (!subscriber_primary_) return;
  // At once and even without media: the client is connected when this connection is.
  subscribing_.mark_dirty();
  offer();
}

void DualMediaSession::resume() {
  if (!subscriber_) return;
  subscriber_->restart_ice();
  subscribing_.mark_dirty();
  // An offer that got lost with the old WebSocket is repeated; its answer brings the next one.
  if (subscribing_.awaiting_answer() && unanswered_) {
    participant_.send(*unanswered_);
    schedule_.sent();
  }
  offer();
}

void DualMediaSession::offer() {
  if (!participant_.is_connected() || !subscribing_.wants_offer()) return;
  Peer& peer = ensure_subscriber();
  const Offer offer = subscribing_.create_offer(peer.local_description());
  unanswered_.emplace();
  ::livekit::SessionDescription& description = *unanswered_->mutable_offer();
  description.set_type("offer");
  description.set_sdp(offer.sdp);
  description.set_id(offer.id);
  description.mutable_mid_to_track_id()->insert(offer.mid_to_track_id.begin(),
                                                offer.mid_to_track_id.end());
  participant_.send(*unanswered_);
  schedule_.sent();
  // Server offers are bundled, and the first m-line is the data channels'.
  peer.send_candidates(Mid("0"));
  drop_unsupported(offer.unsupported);
}

void DualMediaSession::drop_unsupported(const std::vector<TrackId>& tracks) {
  for (const TrackId& track : tracks) participant_.on_downstream_refused(track);
}

void DualMediaSession::handle_answer(const ::livekit::SessionDescription& answer) {
  const auto applied = subscribing_.handle_answer(answer.sdp(), answer.id());
  if (!applied) {
    LOG_INFO(log_signal, "%s: answer: %s", participant_.sid().value.c_str(),
             applied.error().message.c_str());
    return;
  }
  remote_candidates_.add_sdp(answer.sdp());
  schedule_.answered();
  unanswered_.reset();
  Peer& peer = ensure_subscriber();
  peer.apply(applied->remote, applied->plans);
  for (const room::SubscribedMedia& media : downstreams_.settle(applied->sent, peer.transport()))
    participant_.on_downstream_bound(media.track, media.encoding_name);
  drop_unsupported(applied->unsupported);
  if (subscribing_.wants_offer()) schedule_.request();
}

void DualMediaSession::handle_offer(const ::livekit::SessionDescription& offer) {
  const auto remote = publishing_.handle_offer(offer.sdp());
  if (!remote) {
    participant_.on_negotiation_failed("offer: " + remote.error().message);
    return;
  }
  remote_candidates_.add_sdp(offer.sdp());
  Peer& peer = ensure_publisher();
  if (remote->ice_restart) peer.restart_ice();
  const auto hints = publish_hints(participant_.upstream_hints());
  const auto answer = publishing_.create_answer(peer.local_description(), hints);
  if (!answer) {
    participant_.on_negotiation_failed("answer: " + answer.error().message);
    return;
  }
  peer.apply(remote->remote, answer->plans);
  participant_.send(answer_message(*answer, offer.id()));
  peer.send_candidates(answer->plans);
  participant_.on_upstream_tracks(upstream_tracks(answer->tracks));
}

void DualMediaSession::announce_candidates() {
  if (publisher_) publisher_->announce_candidates();
  if (subscriber_) subscriber_->announce_candidates();
}

std::optional<room::UpstreamTrack> DualMediaSession::claim(const room::UpstreamHint& hint) {
  const auto track = publishing_.claim(publish_hint(hint));
  if (!track) return std::nullopt;
  return upstream_track(*track);
}

void DualMediaSession::publish(const Mid& mid, const room::PublishedMedia& media) {
  ensure_publisher().transport().publish(mid, media);
}

void DualMediaSession::unpublish(const TrackId& track) {
  if (publisher_) publisher_->transport().unpublish(track);
}

void DualMediaSession::forward(const TrackId& track, room::RoomMedia& to) {
  if (publisher_) publisher_->transport().forward(track, to);
}

void DualMediaSession::end_forward(const TrackId& track, room::RoomMedia& to) {
  if (publisher_) publisher_->transport().end_forward(track, to);
}

void DualMediaSession::add_downstream(const room::DownstreamTrack& track) {
  subscribing_.add_track(downstreams_.add(track, participant_.room().random()));
  schedule_.request();
}

void DualMediaSession::update_downstream(const TrackId& track,
                                         const room::SubscriptionSettings& settings) {
  downstreams_.update(track, settings, subscriber_transport());
}

void DualMediaSession::remove_downstream(const TrackId& track) {
  downstreams_.remove(track, subscriber_transport());
  subscribing_.remove_track(track);
  schedule_.request();
}

void DualMediaSession::move_to(room::RoomMedia& room) {
  media_ = &room;
  if (publisher_) publisher_->transport().move_to(room);
  if (subscriber_) subscriber_->transport().move_to(room);
}

bool DualMediaSession::send_data(room::DataChannelKind channel, ByteView message) {
  const auto& peer = subscriber_primary_ ? subscriber_ : publisher_;
  return peer && peer->transport().send_data(channel, message);
}

size_t DualMediaSession::buffered_data(room::DataChannelKind channel) const {
  const auto& peer = subscriber_primary_ ? subscriber_ : publisher_;
  return peer ? peer->transport().buffered_data(channel) : 0;
}

// A client may send on the channels of either.
void DualMediaSession::hold_data(bool hold) {
  holds_data_ = hold;
  if (publisher_) publisher_->transport().hold_data(hold);
  if (subscriber_) subscriber_->transport().hold_data(hold);
}

bool DualMediaSession::handle_trickle(const ::livekit::TrickleRequest& request) {
  return remote_candidates_.add_init(request.candidateinit());
}

room::MediaReport DualMediaSession::report() const {
  room::MediaReport report;
  if (publisher_) report.transports.push_back(publisher_->report("publisher", remote_candidates_));
  if (subscriber_)
    report.transports.push_back(subscriber_->report("subscriber", remote_candidates_));
  return report;
}

uint64_t DualMediaSession::bytes_received() const {
  return (publisher_ ? publisher_->transport().report().bytes_received : 0) +
         (subscriber_ ? subscriber_->transport().report().bytes_received : 0);
}

}  // namespace gstlk::signal
