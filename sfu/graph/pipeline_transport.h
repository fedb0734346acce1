// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ref.h"
#include "graph/encoding_link.h"
#include "room/media.h"

namespace gstlk::graph {

class RoomPipeline;

// A peer connection in a room's pipeline: an sfu-transport, and its links with the router.
// Everything is pads and properties. Main thread; what the element says on its worker is carried
// over to it.
class PipelineTransport final : public room::PeerTransport {
 public:
  // The room that it is in outlives it.
  PipelineTransport(RoomPipeline& room, const std::string& name,
                    room::PeerTransportListener& listener);
  ~PipelineTransport() override;
  PipelineTransport(const PipelineTransport&) = delete;
  PipelineTransport& operator=(const PipelineTransport&) = delete;

  room::LocalTransport local() const override;
  std::vector<std::string> candidates() const override;
  void restart_ice() override;
  void set_remote(const room::RemoteTransport& remote) override;
  void set_media(const std::vector<sdp::MediaPlan>& sections) override;
  void publish(const Mid& mid, const room::PublishedMedia& media) override;
  void unpublish(const TrackId& track) override;
  void forward(const TrackId& track, room::RoomMedia& to) override;
  void end_forward(const TrackId& track, room::RoomMedia& to) override;
  void subscribe(const room::SubscribedMedia& media,
                 const room::SubscriptionSettings& settings) override;
  void update_subscription(const TrackId& track,
                           const room::SubscriptionSettings& settings) override;
  void unsubscribe(const TrackId& track) override;
  void open_data_channels() override;
  bool send_data(room::DataChannelKind channel, ByteView message) override;
  void move_to(room::RoomMedia& room) override;
  size_t buffered_data(room::DataChannelKind channel) const override;
  void hold_data(bool hold) override;
  room::TransportReport report() const override;

 private:
  struct MainLoopRelay;
  struct Published {
    Mid mid;
    room::PublishedMedia media;
    std::vector<RoomPipeline*> rooms;  // its own first
  };
  struct Subscribed {
    room::SubscribedMedia media;
    Ref<GstPad> router_source;
    Ref<GstPad> sink;  // of the transport
  };

  void join_pipeline();
  void on_pad_added(GstPad* pad);
  void on_pad_removed(GstPad* pad);

  RoomPipeline* room_;  // changes with move_to()
  Ref<GstElement> element_;
  std::shared_ptr<MainLoopRelay> relay_;
  std::vector<EncodingLink> received_;
  std::map<TrackId, Published> published_;
  std::map<TrackId, Subscribed> subscribed_;
};

}  // namespace gstlk::graph
