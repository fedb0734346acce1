// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "room/join_response.h"
#include "room/participant.h"
#include "room/room.h"
#include "room/room_registry.h"
#include "support/fake_media.h"
#include "support/fake_timers.h"

// A room whose participants are connected without session descriptions.
namespace gstlk::room {

using Response = ::livekit::SignalResponse;

// Remembers what it was told; nothing is negotiated, everything works at once.
class FakeParticipantMedia : public ParticipantMedia {
 public:
  void start() override {}
  void resume() override {}
  void handle_offer(const ::livekit::SessionDescription&) override {}
  void handle_answer(const ::livekit::SessionDescription&) override {}
  bool handle_trickle(const ::livekit::TrickleRequest&) override { return true; }
  void announce_candidates() override {}
  std::optional<UpstreamTrack> claim(const UpstreamHint& hint) override {
    if (!sends_at_once) return std::nullopt;
    return UpstreamTrack{
        .cid = hint.cid,
        .sdp_cid = hint.cid,
        .mid = Mid(hint.cid),
        .kind = hint.kind,
        .codecs = {hint.kind == TrackKind::Video ? std::string("VP8") : std::string("opus")}};
  }
  void publish(const Mid&, const PublishedMedia& media) override {
    published.insert(media.track);
    if (media.screen_share) screens.insert(media.track);
  }
  void unpublish(const TrackId& track) override { published.erase(track); }
  void forward(const TrackId& track, RoomMedia& to) override { forwarded.insert({track, &to}); }
  void end_forward(const TrackId& track, RoomMedia& to) override { forwarded.erase({track, &to}); }
  void add_downstream(const DownstreamTrack& track) override { downstream[track.track] = track; }
  void update_downstream(const TrackId& track, const SubscriptionSettings& settings) override {
    downstream.at(track).settings = settings;
  }
  void remove_downstream(const TrackId& track) override { downstream.erase(track); }
  void move_to(RoomMedia& to) override { room = &to; }
  size_t buffered_data(DataChannelKind channel) const override {
    const auto found = buffered.find(channel);
    return found == buffered.end() ? 0 : found->second;
  }
  void hold_data(bool hold) override { holds_data = hold; }
  bool send_data(DataChannelKind channel, ByteView message) override {
    data.emplace_back(channel, std::string(as_text(message)));
    if (grows) buffered[channel] += message.size();
    return true;
  }
  MediaReport report() const override {
    MediaReport report;
    report.transports.push_back(transport);
    for (const TrackId& track : published) {
      if (stats) report.transports.front().received.push_back({track, {}, *stats});
    }
    return report;
  }
  uint64_t bytes_received() const override { return 0; }

  RoomMedia* room = nullptr;  // that it moved to
  bool sends_at_once = true;  // AddTrack publishes
  std::set<TrackId> published;
  std::set<TrackId> screens;  // of those, shared screens
  std::set<std::pair<TrackId, RoomMedia*>> forwarded;
  std::map<TrackId, DownstreamTrack> downstream;
  std::vector<std::pair<DataChannelKind, std::string>> data;
  std::map<DataChannelKind, size_t> buffered;  // what it says of itself
  bool grows = false;                          // with what it is sent
  bool holds_data = false;
  std::optional<TrackStats> stats;  // of each track that is published
  TransportReport transport;        // what else the connection says of itself
};

struct FakeLink : SignalLink {
  void send(const SignalMessage& message) override { received.push_back(message.response()); }
  void detach(bool) override { detached = true; }

  std::vector<Response> all(Response::MessageCase type) const {
    std::vector<Response> result;
    for (const Response& response : received) {
      if (response.message_case() == type) result.push_back(response);
    }
    return result;
  }
  Response last(Response::MessageCase type) const {
    const auto found = all(type);
    return found.empty() ? Response() : found.back();
  }

  std::vector<Response> received;
  bool detached = false;
};

// A participant with its client's end.
struct Guest {
  Participant* operator->() const { return participant; }
  Participant* participant = nullptr;
  FakeParticipantMedia* media = nullptr;
  std::unique_ptr<FakeLink> link = std::make_unique<FakeLink>();
};

class RoomFixture : public testing::Test {
 protected:
  explicit RoomFixture(Settings settings = {})
      : registry_(std::move(settings), timers_, counting_random, [this](const RoomName&) {
          auto made = std::make_unique<FakeRoomMedia>();
          media_ = made.get();
          return made;
        }) {}

  static JoinDetails details(const std::string& identity) {
    JoinDetails details;
    details.identity.value = identity;
    details.claims.grants.identity = identity;
    details.claims.grants.video.emplace();
    details.client.set_protocol(17);
    details.auto_subscribe_data_track = true;
    return details;
  }
  Room& room() { return registry_.find_or_create(RoomName("kitchen"), nullptr); }
  // Another one.
  Room& hall() { return registry_.find_or_create(RoomName("hall"), nullptr); }
  Guest join(JoinDetails who) { return join(room(), std::move(who)); }
  Guest join(const std::string& identity) { return join(details(identity)); }
  Guest join_hall(const std::string& identity) { return join(hall(), details(identity)); }
  static Guest join(Room& room, JoinDetails who) {
    Guest guest = arrive(room, std::move(who));
    guest->on_media_connected();
    guest->on_data_channels_open();
    return guest;
  }
  // Its media is not connected yet.
  static Guest arrive(Room& room, JoinDetails who) {
    Guest guest;
    const auto joined = room.join(std::move(who), *guest.link, [&](Participant&, RoomMedia&) {
      auto media = std::make_unique<FakeParticipantMedia>();
      guest.media = media.get();
      return media;
    });
    EXPECT_TRUE(joined);
    guest.participant = *joined;
    guest->send(join_response(*guest.participant));
    room.admit(*guest.participant);
    return guest;
  }

  static TrackId publish(Guest& guest, const std::string& cid, ::livekit::TrackType type,
                         ::livekit::TrackSource source) {
    ::livekit::AddTrackRequest request;
    request.set_cid(cid);
    request.set_type(type);
    request.set_source(source);
    guest->publications().handle_add_track(request);
    return TrackId(guest.link->last(Response::kTrackPublished).track_published().track().sid());
  }
  static TrackId publish_camera(Guest& guest) {
    return publish(guest, "camera", ::livekit::VIDEO, ::livekit::CAMERA);
  }
  static TrackId publish_microphone(Guest& guest) {
    return publish(guest, "mic", ::livekit::AUDIO, ::livekit::MICROPHONE);
  }

  FakeTimers timers_;
  FakeRoomMedia* media_ = nullptr;
  RoomRegistry registry_;
};

}  // namespace gstlk::room
