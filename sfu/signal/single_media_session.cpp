// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/single_media_session.h"

#include "room/room.h"
#include "signal/log.h"

namespace gstlk::signal {

SingleMediaSession::SingleMediaSession(room::Participant& participant, room::RoomMedia& media)
    : participant_(participant),
      media_(&media),
      negotiation_(negotiation_options(participant)),
      schedule_(
          participant.room().timers(), [this] { send_requirement(); }, [] {}) {}

Peer& SingleMediaSession::ensure_peer() {
  if (!peer_) {
    peer_ = std::make_unique<Peer>(
        participant_, *media_, ::livekit::PUBLISHER,
        Peer::Callbacks{
            .ice_connected = [this] { participant_.on_ice_connected(); },
            .connected = [this] { participant_.on_media_connected(); },
            .failed = [this] { participant_.on_media_failed(); },
            .channels_open = [this] { participant_.on_data_channels_open(); },
            .data = [this](room::DataChannelKind channel,
                           ByteView message) { participant_.on_data(channel, message); },
            .data_low =
                [this](room::DataChannelKind channel) { participant_.on_data_low(channel); }});
    if (holds_data_) peer_->transport().hold_data(true);
  }
  return *peer_;
}

void SingleMediaSession::handle_offer(const ::livekit::SessionDescription& offer) {
  const auto remote = negotiation_.handle_offer(offer.sdp());
  if (!remote) {
    participant_.on_negotiation_failed("offer: " + remote.error().message);
    return;
  }
  Peer& peer = ensure_peer();
  if (remote->ice_restart) peer.restart_ice();
  const auto hints = publish_hints(participant_.upstream_hints());
  remote_candidates_.add_sdp(offer.sdp());
  const auto answer = negotiation_.create_answer(peer.local_description(), hints);
  if (!answer) {
    participant_.on_negotiation_failed("answer: " + answer.error().message);
    return;
  }
  peer.apply(remote->remote, answer->plans);
  participant_.send(answer_message(*answer, offer.id()));
  peer.send_candidates(answer->plans);
  for (const room::SubscribedMedia& media : downstreams_.settle(answer->sent, peer.transport()))
    participant_.on_downstream_bound(media.track, media.encoding_name);
  for (const TrackId& track : answer->unsupported) participant_.on_downstream_refused(track);
  participant_.on_upstream_tracks(upstream_tracks(answer->tracks));
  schedule_.request();
}

void SingleMediaSession::handle_answer(const ::livekit::SessionDescription&) {
  LOG_DEBUG(log_signal, "%s: an answer to no offer", participant_.sid().value.c_str());
}

void SingleMediaSession::announce_candidates() {
  if (peer_) peer_->announce_candidates();
}

void SingleMediaSession::send_requirement() {
  // The client's first offer has free m-lines; before it there is nothing to ask for.
  if (!peer_) return;
  const auto sections = negotiation_.poll_requirement();
  if (!sections) return;
  ::livekit::SignalResponse response;
  ::livekit::MediaSectionsRequirement& requirement = *response.mutable_media_sections_requirement();
  requirement.set_num_audios(sections->audios);
  requirement.set_num_videos(sections->videos);
  participant_.send(response);
}

std::optional<room::UpstreamTrack> SingleMediaSession::claim(const room::UpstreamHint& hint) {
  const auto track = negotiation_.claim(publish_hint(hint));
  if (!track) return std::nullopt;
  return upstream_track(*track);
}

void SingleMediaSession::publish(const Mid& mid, const room::PublishedMedia& media) {
  ensure_peer().transport().publish(mid, media);
}

void SingleMediaSession::unpublish(const TrackId& track) {
  if (peer_) peer_->transport().unpublish(track);
}

void SingleMediaSession::forward(const TrackId& track, room::RoomMedia& to) {
  if (peer_) peer_->transport().forward(track, to);
}

void SingleMediaSession::end_forward(const TrackId& track, room::RoomMedia& to) {
  if (peer_) peer_->transport().end_forward(track, to);
}

void SingleMediaSession::add_downstream(const room::DownstreamTrack& track) {
  negotiation_.add_track(downstreams_.add(track, participant_.room().random()));
  schedule_.request();
}

void SingleMediaSession::update_downstream(const TrackId& track,
                                           const room::SubscriptionSettings& settings) {
  downstreams_.update(track, settings, transport());
}

void SingleMediaSession::remove_downstream(const TrackId& track) {
  downstreams_.remove(track, transport());
  negotiation_.remove_track(track);
  schedule_.request();
}

void SingleMediaSession::move_to(room::RoomMedia& room) {
  media_ = &room;
  if (peer_) peer_->transport().move_to(room);
}

bool SingleMediaSession::send_data(room::DataChannelKind channel, ByteView message) {
  return peer_ && peer_->transport().send_data(channel, message);
}

size_t SingleMediaSession::buffered_data(room::DataChannelKind channel) const {
  return peer_ ? peer_->transport().buffered_data(channel) : 0;
}

void SingleMediaSession::hold_data(bool hold) {
  holds_data_ = hold;
  if (peer_) peer_->transport().hold_data(hold);
}

bool SingleMediaSession::handle_trickle(const ::livekit::TrickleRequest& request) {
  return remote_candidates_.add_init(request.candidateinit());
}

room::MediaReport SingleMediaSession::report() const {
  room::MediaReport report;
  if (peer_) report.transports.push_back(peer_->report("both", remote_candidates_));
  return report;
}

uint64_t SingleMediaSession::bytes_received() const {
  return peer_ ? peer_->transport().report().bytes_received : 0;
}

}  // namespace gstlk::signal
