// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/peer.h"

#include <json-glib/json-glib.h>

#include <algorithm>

namespace gstlk::signal {
namespace {

// RTCIceCandidateInit. Clients take all three members for granted.
std::string candidate_init(const std::string& candidate, const std::string& mid) {
  JsonObject* object = json_object_new();
  json_object_set_string_member(object, "candidate", candidate.c_str());
  json_object_set_string_member(object, "sdpMid", mid.c_str());
  json_object_set_int_member(object, "sdpMLineIndex", 0);
  JsonNode* node = json_node_init_object(json_node_alloc(), object);
  json_object_unref(object);
  char* text = json_to_string(node, FALSE);
  json_node_free(node);
  std::string result(text);
  g_free(text);
  return result;
}

// candidate:<foundation> 1 tcp ..., RFC 8839 section 5.1.
bool is_tcp(const std::string& candidate) { return candidate.find(" tcp ") != std::string::npos; }

// Without foundation and priority, which change with what else there is.
std::string place_of(const std::string& candidate) {
  size_t at = 0;
  for (int words = 0; words < 4 && at != std::string::npos; ++words)
    at = candidate.find(' ', at + 1);
  return at == std::string::npos ? candidate : candidate.substr(at);
}

}  // namespace

Peer::Peer(room::Participant& participant, room::RoomMedia& media, ::livekit::SignalTarget target,
           Callbacks callbacks)
    : participant_(participant), target_(target), callbacks_(std::move(callbacks)) {
  const char* side = target == ::livekit::PUBLISHER ? "publisher" : "subscriber";
  transport_ = media.add_transport(participant.sid().value + "-" + side, *this);
}

room::TransportReport Peer::report(const char* role, const RemoteCandidates& candidates) const {
  room::TransportReport report = transport_->report();
  report.role = role;
  if (!report.remote_address.empty())
    report.candidate_type = candidates.type_of(report.protocol, report.remote_address);
  return report;
}

LocalDescription Peer::local_description() const {
  // Candidates are trickled.
  return {.transport = transport_->local(), .candidates = {}};
}

void Peer::restart_ice() {
  transport_->restart_ice();
  candidates_mid_.reset();
  candidates_sent_.clear();
}

void Peer::apply(const room::RemoteTransport& remote, const std::vector<sdp::MediaPlan>& plans) {
  transport_->set_remote(remote);
  transport_->set_media(plans);
}

void Peer::send_candidates(const std::vector<sdp::MediaPlan>& plans) {
  if (!plans.empty()) send_candidates(plans.front().mid);
}

void Peer::send_candidates(const Mid& first) {
  if (candidates_mid_) return;
  candidates_mid_ = first;
  trickle();
}

void Peer::announce_candidates() {
  if (candidates_mid_) trickle();
}

void Peer::trickle() {
  std::vector<std::string> candidates = transport_->candidates();
  const bool tcp_only = participant_.ice().preference() == room::IcePreference::Tcp;
  std::erase_if(candidates, [&](const std::string& candidate) {
    return (tcp_only && !is_tcp(candidate)) ||
           std::ranges::count(candidates_sent_, place_of(candidate)) != 0;
  });
  for (size_t i = 0; i < candidates.size(); ++i) {
    candidates_sent_.push_back(place_of(candidates[i]));
    ::livekit::SignalResponse response;
    ::livekit::TrickleRequest& trickle = *response.mutable_trickle();
    trickle.set_target(target_);
    trickle.set_candidateinit(candidate_init(candidates[i], candidates_mid_->value));
    // There is no end-of-candidates message; the last one says so.
    trickle.set_final(i + 1 == candidates.size());
    participant_.send(response);
  }
}

void Peer::on_data_channel_open(room::DataChannelKind channel) {
  const bool had_channels = has_channels();
  reliable_open_ |= channel == room::DataChannelKind::Reliable;
  lossy_open_ |= channel == room::DataChannelKind::Lossy;
  if (!had_channels && has_channels()) callbacks_.channels_open();
}

}  // namespace gstlk::signal
