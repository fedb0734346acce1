// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <map>
#include <memory>
#include <string>

#include "base/ref.h"
#include "graph/media_settings.h"
#include "plugins/sfu/worker_pool.h"
#include "room/media.h"

namespace gstlk::graph {

// A room as a GstPipeline: one sfu-router, and an sfu-transport for each peer connection around it.
// A dot dump of it is a picture of the call. Main thread.
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
  // For what is part of it beside the router.
  GstElement* pipeline() const { return pipeline_.get(); }
  // A sink pad of the router for the encoding with that rid.
  Ref<GstPad> add_encoding(const room::PublishedMedia& media, const Rid& rid);
  void remove_encoding(const Ref<GstPad>& sink);

 private:
  friend class PipelineTransport;

  const std::shared_ptr<sfu::WorkerPool> pool_;
  const MediaSettings settings_;
  Ref<GstElement> pipeline_;
  Ref<GstElement> router_;
  // The sink pads of the router for each published track, one for each encoding that is there. Any
  // of them says what is asked about the track.
  std::multimap<TrackId, Ref<GstPad>> published_;
};

}  // namespace gstlk::graph
