// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/subscriber.h"

#include <string_view>

#include "plugins/livekit/codec.h"
#include "plugins/livekit/data_channels.h"
#include "plugins/livekit/retransmissions.h"
#include "plugins/livekit/room_session.h"
#include "plugins/livekit/subscriber_sdp.h"
#include "plugins/livekit/trickle.h"
#include "sdp/parse.h"

namespace gstlk::client {

namespace {

// A server offers one description at a time (protocol section 6.1).
constexpr size_t kMaxOffers = 8;

// "PA_x|TR_y" in front of the track id; what the server's own map says goes before it.
std::string track_of(const ::livekit::SessionDescription& offer,
                     const sdp::MediaDescription& media) {
  const auto known = offer.mid_to_track_id().find(media.mid.value);
  if (known != offer.mid_to_track_id().end()) return known->second;
  return media.msid ? media.msid->track : "";
}

bool can_receive_mime_type(const std::string& mime_type) {
  return can_receive(std::string_view(mime_type).substr(mime_type.find('/') + 1));
}

// What of the track is sent to us: its first codec, or the second where that one is not received
// here.
std::string received_mime_type(const ::livekit::TrackInfo& track) {
  if (can_receive_mime_type(track.mime_type())) return track.mime_type();
  for (const auto& codec : track.codecs())
    if (can_receive_mime_type(codec.mime_type())) return codec.mime_type();
  return track.mime_type();
}

}  // namespace

Subscriber::Subscriber(RoomSession& session, GstBin* bin, SubscriberOwner* owner)
    : session_(session), bin_(bin), owner_(owner) {}

Subscriber::~Subscriber() { stop(); }

void Subscriber::start(const ::livekit::JoinResponse& join) {
  join_ = join;
  peer_ = std::make_unique<PeerConnection>(session_.thread(), bin_, "subscriber", join, *this);
  if (peer_->webrtcbin()) request_retransmissions_at_once(peer_->webrtcbin());
  if (owner_) owner_->on_peer_connection(*peer_);
  peer_->start();
}

void Subscriber::stop() {
  offers_.clear();
  mime_types_.clear();
  if (!peer_) return;
  peer_.reset();
  if (owner_) owner_->on_peer_connection_gone();
}

void Subscriber::handle(const ::livekit::SignalResponse& message) {
  if (message.has_offer()) return handle_offer(message.offer());
  if (!message.has_trickle() || message.trickle().target() != ::livekit::SUBSCRIBER || !peer_)
    return;
  if (const auto candidate = read_trickle(message.trickle()))
    peer_->add_candidate(candidate->mline, candidate->text);
}

void Subscriber::handle_offer(const ::livekit::SessionDescription& offer) {
  if (!peer_ || offers_.size() >= kMaxOffers) return;
  offers_.push_back(offer);
  if (offers_.size() == 1) apply_next_offer();
}

void Subscriber::apply_next_offer() {
  if (offers_.empty()) return;
  const ::livekit::SessionDescription& offer = offers_.front();
  if (owner_) {
    const auto description = sdp::parse(offer.sdp());
    if (!description) return offer_failed(description.error().message);
    std::map<std::string, std::string> tracks;
    for (const auto& media : description->media) {
      const std::string sid = track_of(offer, media);
      tracks[media.mid.value] = sid;
      if (const ::livekit::TrackInfo* track = session_.room().track(sid))
        mime_types_[media.mid.value] = received_mime_type(*track);
    }
    owner_->on_offer(tracks);
  }
  peer_->set_remote(GST_WEBRTC_SDP_TYPE_OFFER,
                    translate_server_offer(offer.sdp(), mime_types_, can_receive),
                    [this, id = offer.id()](Result<void> result) {
                      if (!result) return offer_failed(result.error().message);
                      answer(id);
                    });
}

void Subscriber::answer(uint32_t id) {
  peer_->create_answer([this, id](Result<std::string> sdp) {
    if (!sdp) return offer_failed(sdp.error().message);
    peer_->set_local(GST_WEBRTC_SDP_TYPE_ANSWER, *sdp, [this, id, sdp = *sdp](Result<void> result) {
      if (!result) return offer_failed(result.error().message);
      send_answer(id, sdp);
    });
  });
}

void Subscriber::send_answer(uint32_t id, const std::string& sdp) {
  ::livekit::SignalRequest request;
  auto* answer = request.mutable_answer();
  answer->set_type("answer");
  answer->set_sdp(translate_subscriber_answer(sdp, offers_.front().sdp(), can_receive));
  answer->set_id(id);
  session_.send(request);
  offers_.pop_front();
  apply_next_offer();
}

void Subscriber::offer_failed(const std::string& why) {
  session_.peer_failed(::livekit::SUBSCRIBER, "its offer cannot be answered: " + why);
}

bool Subscriber::send_data(bool reliable, ByteView message) {
  return peer_ && peer_->send(channel_label(reliable), message);
}

void Subscriber::on_local_candidate(unsigned mline, const std::string& candidate) {
  session_.send(trickle_message(::livekit::SUBSCRIBER, mline, candidate));
}

void Subscriber::on_connected() { session_.peer_connected(::livekit::SUBSCRIBER); }

void Subscriber::on_failed(const std::string& why) {
  session_.peer_failed(::livekit::SUBSCRIBER, why);
}

void Subscriber::on_data(const std::string& label, ByteView message) {
  session_.handle_data(message, label == kReliableChannel);
}

}  // namespace gstlk::client
