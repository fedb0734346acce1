// SPDX-License-Identifier: LGPL-2.1-or-later
#include "load_participant.h"

#include <chrono>

#include "clock.h"
#include "daemon_process.h"
#include "livekit/access_token.h"
#include "livekit_rtc.pb.h"
#include "session_text.h"

namespace gstlk::bench {
namespace {

std::string make_token(const LoadParticipant::Config& config) {
  livekit::VideoGrant grant;
  grant.room_join = true;
  grant.room = config.room;
  grant.hidden = config.hidden;
  grant.can_publish = !config.publish.empty();
  grant.can_subscribe = config.subscribe;
  livekit::Claims claims;
  claims.issuer = DaemonProcess::kApiKey;
  claims.expires_at =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now()) +
      std::chrono::hours(1);
  claims.grants.identity = config.identity;
  claims.grants.video = grant;
  return livekit::sign_token(claims, DaemonProcess::kApiSecret);
}

std::string make_url(uint16_t port, const LoadParticipant::Config& config) {
  return "ws://127.0.0.1:" + std::to_string(port) +
         "/rtc?version=2.4.0&protocol=15&auto_subscribe=1&sdk=go&os=linux&access_token=" +
         make_token(config);
}

std::string cid_of(size_t index) { return "load-" + std::to_string(index); }

}  // namespace

LoadParticipant::LoadParticipant(LoadSite& site, Config config)
    : site_(site),
      config_(std::move(config)),
      started_(read_clock()),
      signal_(site.soup, make_url(site.http_port, config_), *this) {}

LoadParticipant::~LoadParticipant() {
  if (publisher_) site_.engine.remove(publisher_);
  if (subscriber_) site_.engine.remove(subscriber_);
}

void LoadParticipant::on_closed(const std::string& reason) {
  if (failure_.empty()) failure_ = reason.empty() ? "closed" : reason;
}

void LoadParticipant::on_response(const ::livekit::SignalResponse& response) {
  if (response.has_join()) {
    joined_ = true;
    if (!config_.publish.empty()) publish();
  } else if (response.has_offer()) {
    answer(response.offer().sdp(), response.offer().id());
  } else if (response.has_answer() && publisher_) {
    published_ = true;
    start(publisher_, response.answer().sdp());
  } else if (response.has_leave()) {
    failure_ = "told to leave: " + response.leave().ShortDebugString();
  }
}

std::unique_ptr<LoadPeer> LoadParticipant::make_peer(bool publishes) const {
  LoadPeer::Config config;
  config.dtls = site_.dtls;
  config.server = site_.media;
  config.gro = config_.gro;
  config.kind = config_.kind;
  config.sampling = config_.sampling && !publishes;
  if (publishes) config.publish = config_.publish;
  return std::make_unique<LoadPeer>(config);
}

void LoadParticipant::publish() {
  std::vector<std::string> cids;
  for (size_t i = 0; i < config_.publish.size(); ++i) {
    const bool video = config_.publish[i].kind == MediaKind::Video;
    ::livekit::SignalRequest request;
    ::livekit::AddTrackRequest* track = request.mutable_add_track();
    track->set_cid(cids.emplace_back(cid_of(i)));
    track->set_name(cids.back());
    track->set_type(video ? ::livekit::VIDEO : ::livekit::AUDIO);
    track->set_source(video ? ::livekit::CAMERA : ::livekit::MICROPHONE);
    if (video) {
      track->set_width(1280);
      track->set_height(720);
      ::livekit::VideoLayer* layer = track->add_layers();
      layer->set_quality(::livekit::HIGH);
      layer->set_width(1280);
      layer->set_height(720);
      layer->set_ssrc(config_.publish[i].ssrc.value);
    }
    signal_.send(request);
  }
  publisher_ = site_.engine.add(make_peer(true));
  ::livekit::SignalRequest request;
  request.mutable_offer()->set_type("offer");
  request.mutable_offer()->set_sdp(make_offer(*publisher_, config_.publish, cids));
  request.mutable_offer()->set_id(1);
  signal_.send(request);
}

void LoadParticipant::answer(const std::string& offer, uint32_t id) {
  const bool first = !subscriber_;
  if (first) subscriber_ = site_.engine.add(make_peer(false));
  ::livekit::SignalRequest request;
  request.mutable_answer()->set_type("answer");
  request.mutable_answer()->set_sdp(make_answer(*subscriber_, offer));
  request.mutable_answer()->set_id(id);
  signal_.send(request);
  if (first) start(subscriber_, offer);
}

void LoadParticipant::start(LoadPeer* peer, const std::string& description) {
  site_.engine.post(
      [peer, remote = read_remote(description)] { peer->start(remote, read_clock()); });
}

}  // namespace gstlk::bench
