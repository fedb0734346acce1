// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <utility>

#include "room/participant.h"
#include "room/participant_media.h"

namespace gstlk::room {

// The media of a participant that is forwarded into `room`: what it publishes comes over the
// connections of its source, and nobody is there to receive. Main thread only.
class ForwardedMedia final : public ParticipantMedia {
 public:
  // `source` tells where the source is, null when it has gone. `room` outlives this.
  ForwardedMedia(std::function<Participant*()> source, RoomMedia& room)
      : source_(std::move(source)), room_(room) {}

  void publish(const Mid&, const PublishedMedia& media) override {
    if (Participant* source = source_()) source->media().forward(media.track, room_);
  }
  void unpublish(const TrackId& track) override {
    if (Participant* source = source_()) source->media().end_forward(track, room_);
  }
  MediaReport report() const override {
    Participant* source = source_();
    MediaReport report = source ? source->media().report() : MediaReport{};
    // What its client is sent is of the other room.
    for (TransportReport& transport : report.transports) transport.sent.clear();
    return report;
  }
  uint64_t bytes_received() const override {
    Participant* source = source_();
    return source ? source->media().bytes_received() : 0;
  }

  void start() override {}
  void resume() override {}
  void handle_offer(const ::livekit::SessionDescription&) override {}
  void handle_answer(const ::livekit::SessionDescription&) override {}
  bool handle_trickle(const ::livekit::TrickleRequest&) override { return false; }
  void announce_candidates() override {}
  std::optional<UpstreamTrack> claim(const UpstreamHint&) override { return std::nullopt; }
  // It is not forwarded further, and does not move.
  void forward(const TrackId&, RoomMedia&) override {}
  void end_forward(const TrackId&, RoomMedia&) override {}
  void move_to(RoomMedia&) override {}
  void add_downstream(const DownstreamTrack&) override {}
  void update_downstream(const TrackId&, const SubscriptionSettings&) override {}
  void remove_downstream(const TrackId&) override {}
  // Nothing is sent to it.
  bool send_data(DataChannelKind, ByteView) override { return true; }
  size_t buffered_data(DataChannelKind) const override { return 0; }
  void hold_data(bool) override {}

 private:
  const std::function<Participant*()> source_;
  RoomMedia& room_;
};

}  // namespace gstlk::room
