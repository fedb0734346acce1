// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "livekit/access_token.h"
#include "livekit/messages.h"
#include "negotiation_offers.h"
#include "room/participant.h"
#include "room/room.h"
#include "room/room_registry.h"
#include "signal/join_parameters.h"
#include "signal/session.h"
#include "support/fake_media.h"
#include "support/fake_timers.h"

// A server without sockets and media, and clients that say what a test tells them.
namespace gstlk::signal {

using Response = ::livekit::SignalResponse;

struct Server {
  explicit Server(room::Settings settings = {})
      : registry(std::move(settings), timers, room::counting_random, [this](const RoomName&) {
          auto made = std::make_unique<room::FakeRoomMedia>();
          media = made.get();
          return made;
        }) {}

  room::Room& room() { return *registry.find(RoomName("kitchen")); }

  room::FakeTimers timers;
  room::FakeRoomMedia* media = nullptr;  // of the room made last
  room::RoomRegistry registry;
};

inline livekit::Claims claims_of(const std::string& identity) {
  livekit::Claims claims;
  claims.grants.identity = identity;
  claims.grants.video.emplace();
  claims.grants.video->room_join = true;
  claims.grants.video->room = "kitchen";
  return claims;
}

// Its single or its two peer connections, and everything it was sent.
class ScriptedClient : public SignalSink {
 public:
  ScriptedClient(Server& server, const std::string& identity)
      : server_(server), claims(claims_of(identity)) {
    parameters.client.set_protocol(17);
    parameters.client.set_sdk(::livekit::ClientInfo::JS);
    parameters.client.set_version("2.21.0");
  }

  // SignalSink
  void send(FrameKind kind, const Payload& payload) override {
    ASSERT_FALSE(close_code) << "sent after close()";
    Response& response = received.emplace_back();
    last_kind = kind;
    if (kind == FrameKind::Binary) {
      ASSERT_TRUE(response.ParseFromString(*payload));
    } else {
      ASSERT_TRUE(livekit::from_json(*payload, response));
    }
    if (response.has_join()) sid = response.join().participant().sid();
    if (response.has_track_published()) last_track = response.track_published().track().sid();
  }
  void close(uint16_t code) override { close_code = code; }

  ScriptedClient& v1() {
    parameters.single_peer_connection = true;
    return *this;
  }
  bool open() {
    close_code.reset();
    auto started = Session::start(server_.registry, &claims, parameters, *this);
    if (!started) {
      error = started.error();
      return false;
    }
    session = std::move(started).value();
    return true;
  }
  bool open_again() {
    parameters.reconnect = true;
    parameters.participant_sid = sid;
    parameters.publisher_offer.reset();
    received.clear();
    return open();
  }
  void drop() { session.reset(); }

  void request(const ::livekit::SignalRequest& request) {
    const std::string bytes = request.SerializeAsString();
    session->handle_binary(as_bytes(bytes));
  }
  void offer(const ClientDescription& description, uint32_t id = 1) {
    ::livekit::SignalRequest r;
    r.mutable_offer()->set_type("offer");
    r.mutable_offer()->set_sdp(description.text());
    r.mutable_offer()->set_id(id);
    request(r);
  }
  // Accepts the last offer of the server.
  void answer() {
    const ::livekit::SessionDescription offer = last(Response::kOffer).offer();
    sdp::SessionDescription session = parsed(offer.sdp());
    session.ice_lite = false;
    for (sdp::MediaDescription& media : session.media) {
      media.transport = {
          "client", "client-password-of-24-ch", {}, kFingerprint, sdp::Setup::Active};
      media.direction = sdp::direction(sdp::receives(media.direction), sdp::sends(media.direction));
      media.msid.reset();
      media.ssrcs.clear();
      media.ssrc_groups.clear();
    }
    ::livekit::SignalRequest r;
    r.mutable_answer()->set_type("answer");
    r.mutable_answer()->set_sdp(sdp::print(session));
    r.mutable_answer()->set_id(offer.id());
    request(r);
  }
  // Returns the track's sid.
  std::string add_track(const std::string& cid, ::livekit::TrackType type,
                        ::livekit::TrackSource source) {
    ::livekit::SignalRequest r;
    ::livekit::AddTrackRequest& add = *r.mutable_add_track();
    add.set_cid(cid);
    add.set_type(type);
    add.set_source(source);
    last_track.clear();
    request(r);
    return last_track;
  }

  room::FakeTransport* publisher() { return server_.media->find(sid + "-publisher"); }
  room::FakeTransport* subscriber() { return server_.media->find(sid + "-subscriber"); }

  std::vector<Response> all(Response::MessageCase type) const {
    std::vector<Response> result;
    for (const Response& response : received) {
      if (response.message_case() == type) result.push_back(response);
    }
    return result;
  }
  // The last of that type; an empty one when there is none.
  Response last(Response::MessageCase type) const {
    const auto found = all(type);
    return found.empty() ? Response() : found.back();
  }
  size_t count(Response::MessageCase type) const { return all(type).size(); }
  // What the updates said last of `identity`.
  std::optional<::livekit::ParticipantInfo> known(const std::string& identity) const {
    std::optional<::livekit::ParticipantInfo> info;
    for (const Response& response : received) {
      for (const auto& other : response.join().other_participants()) {
        if (other.identity() == identity) info = other;
      }
      for (const auto& other : response.update().participants()) {
        if (other.identity() == identity) info = other;
      }
    }
    return info;
  }

 private:
  Server& server_;

 public:
  livekit::Claims claims;
  JoinParameters parameters;
  std::string sid;
  std::string last_track;
  std::vector<Response> received;
  FrameKind last_kind = FrameKind::Binary;
  std::optional<uint16_t> close_code;
  std::optional<room::HttpError> error;
  std::unique_ptr<Session> session;
};

// What livekit-client offers before it is connected: data channels and three free m-lines of each
// kind.
inline ClientDescription first_offer() {
  ClientDescription offer;
  offer.data();
  for (int i = 0; i < 3; ++i) offer.audio(sdp::Direction::RecvOnly);
  for (int i = 0; i < 3; ++i) offer.video(sdp::Direction::RecvOnly);
  return offer;
}

inline ::livekit::SessionDescription description(const ClientDescription& offer, uint32_t id) {
  ::livekit::SessionDescription result;
  result.set_type("offer");
  result.set_sdp(offer.text());
  result.set_id(id);
  return result;
}

}  // namespace gstlk::signal
