// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "room/media.h"

// A media plane that forwards nothing and remembers everything it was told.
namespace gstlk::room {

class FakeRoomMedia;

class FakeTransport : public PeerTransport {
 public:
  FakeTransport(FakeRoomMedia& media, std::string name, PeerTransportListener& listener);
  ~FakeTransport() override;

  LocalTransport local() const override {
    return {"ufrag" + std::to_string(generation), "password-of-at-least-22-characters",
            "sha-256 "
            "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:"
            "CC:DD:EE:FF"};
  }
  std::vector<std::string> candidates() const override { return local_candidates; }
  void restart_ice() override { ++generation; }
  void set_remote(const RemoteTransport& transport) override { remote = transport; }
  void set_media(const std::vector<sdp::MediaPlan>& plans) override { sections = plans; }
  void publish(const Mid& mid, const PublishedMedia& media) override {
    published[media.track] = {mid, media};
  }
  void unpublish(const TrackId& track) override { published.erase(track); }
  void forward(const TrackId& track, RoomMedia& to) override { forwarded.insert({track, &to}); }
  void end_forward(const TrackId& track, RoomMedia& to) override { forwarded.erase({track, &to}); }
  void subscribe(const SubscribedMedia& media, const SubscriptionSettings& settings) override {
    subscribed[media.track] = {media, settings};
  }
  void update_subscription(const TrackId& track, const SubscriptionSettings& settings) override {
    subscribed.at(track).second = settings;
  }
  void unsubscribe(const TrackId& track) override { subscribed.erase(track); }
  void open_data_channels() override { opens_channels = true; }
  size_t buffered_data(DataChannelKind) const override { return 0; }
  void hold_data(bool hold) override { holds_data = hold; }
  bool send_data(DataChannelKind channel, ByteView message) override {
    sent.emplace_back(channel, std::string(as_text(message)));
    return true;
  }
  void move_to(RoomMedia& room) override;
  TransportReport report() const override {
    TransportReport report;
    report.bytes_received = bytes_received;
    return report;
  }

  // What the network does.
  void check() { listener.on_ice_connected(); }
  void connect() { listener.on_connected(); }
  void fail() { listener.on_failed(); }
  void open_channels() {
    listener.on_data_channel_open(DataChannelKind::Reliable);
    listener.on_data_channel_open(DataChannelKind::Lossy);
  }

  const std::string name;
  PeerTransportListener& listener;
  int generation = 0;
  std::vector<std::string> local_candidates = {
      "candidate:1 1 udp 2130706431 192.0.2.1 7882 typ host",
      "candidate:2 1 tcp 1671430143 192.0.2.1 7881 typ host tcptype passive"};
  RemoteTransport remote;
  std::vector<sdp::MediaPlan> sections;
  std::map<TrackId, std::pair<Mid, PublishedMedia>> published;
  std::map<TrackId, std::pair<SubscribedMedia, SubscriptionSettings>> subscribed;
  std::set<std::pair<TrackId, RoomMedia*>> forwarded;
  bool opens_channels = false;
  bool holds_data = false;
  std::vector<std::pair<DataChannelKind, std::string>> sent;
  uint64_t bytes_received = 0;

 private:
  FakeRoomMedia* media_;
};

class FakeRoomMedia : public RoomMedia {
 public:
  std::unique_ptr<PeerTransport> add_transport(const std::string& name,
                                               PeerTransportListener& listener) override {
    return std::make_unique<FakeTransport>(*this, name, listener);
  }
  double audio_level(const TrackId& track) const override {
    const auto found = levels.find(track);
    return found == levels.end() ? 0 : found->second;
  }
  bool receiving(const TrackId& track) const override { return !silent.contains(track); }
  std::vector<LayerReport> layers(const TrackId& stream) const override {
    const auto found = layer_reports.find(stream);
    return found == layer_reports.end() ? std::vector<LayerReport>() : found->second;
  }
  PipelineGraph graph() const override { return {}; }
  std::string dot() const override { return "digraph pipeline {}"; }

  // By the name it was given, "<participant sid>-publisher" or "-subscriber".
  FakeTransport* find(const std::string& name) {
    const auto found =
        std::ranges::find(transports, name, [](const FakeTransport* t) { return t->name; });
    return found == transports.end() ? nullptr : *found;
  }

  std::vector<FakeTransport*> transports;
  std::map<TrackId, double> levels;
  std::set<TrackId> silent;
  std::map<TrackId, std::vector<LayerReport>> layer_reports;
};

inline FakeTransport::FakeTransport(FakeRoomMedia& media, std::string n, PeerTransportListener& l)
    : name(std::move(n)), listener(l), media_(&media) {
  media_->transports.push_back(this);
}
inline FakeTransport::~FakeTransport() { std::erase(media_->transports, this); }
inline void FakeTransport::move_to(RoomMedia& room) {
  std::erase(media_->transports, this);
  media_ = static_cast<FakeRoomMedia*>(&room);
  media_->transports.push_back(this);
}

}  // namespace gstlk::room
