// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ref.h"
#include "graph/media_settings.h"
#include "plugins/sfu/worker_pool.h"
#include "room/media.h"

namespace gstlk::graph {

// A room as a GstPipeline: an sfu-router, and an sfu-transport for each peer connection around it.
// An element takes time for each pad that it has to be given another, so that a room of thousands
// of subscriptions has several routers, each track in one of them. A dot dump is a picture of the
// call. Main thread.
class RoomPipeline final : public room::RoomMedia {
 public:
  RoomPipeline(const RoomName& name, std::shared_ptr<sfu::WorkerPool> pool,
               const MediaSettings& settings = {});
  ~RoomPipeline() override;
  RoomPipeline(const RoomPipeline&) = delete;
  RoomPipeline& operator=(const RoomPipeline&) = delete;

  std::unique_ptr<room::PeerTransport> add_transport(
      const std::string& name, room::PeerTransportListener& listener) override;
  double audio_level(const TrackId& track) const override;
  bool receiving(const TrackId& track) const override;
  std::vector<room::LayerReport> layers(const TrackId& stream) const override;
  room::PipelineGraph graph() const override;
  std::string dot() const override;
  // For what is part of it beside the routers.
  GstElement* pipeline() const { return pipeline_.get(); }
  // A source pad of the router that has or will have `track`.
  Ref<GstPad> add_subscription(const TrackId& track);
  void remove_subscription(const TrackId& track, const Ref<GstPad>& source);
  // A sink pad of the router for the encoding with that rid.
  Ref<GstPad> add_encoding(const room::PublishedMedia& media, const Rid& rid);
  void remove_encoding(const Ref<GstPad>& sink);

 private:
  friend class PipelineTransport;

  static constexpr size_t kPadsOfRouter = 1000;  // with more a router gets no further track
  struct Router {
    Ref<GstElement> element;
    size_t pads = 0;
  };
  struct Route {
    size_t router;  // in routers_
    size_t pads = 0;
  };

  size_t add_router();
  Ref<GstPad> request_pad(const TrackId& track, const char* pad_template);
  void release_pad(const TrackId& track, GstPad* pad);

  const std::shared_ptr<sfu::WorkerPool> pool_;
  const MediaSettings settings_;
  Ref<GstElement> pipeline_;
  std::vector<Router> routers_;
  std::map<TrackId, Route> routes_;  // of tracks that have pads
  // The sink pads of the routers for each published track, one for each encoding that is there. Any
  // of them says what is asked about the track.
  std::multimap<TrackId, Ref<GstPad>> published_;
};

}  // namespace gstlk::graph
