// SPDX-License-Identifier: LGPL-2.1-or-later
#include "graph/media_graph.h"

#include "graph/room_pipeline.h"
#include "plugins/sfu/plugin.h"

namespace gstlk::graph {

Result<std::unique_ptr<MediaGraph>> MediaGraph::create(const sfu::WorkerPoolConfig& config,
                                                       const MediaSettings& settings) {
  if (!gstlk_sfu_register_elements(nullptr)) return fail("cannot register the SFU elements");
  auto pool = sfu::WorkerPool::create(config);
  if (!pool) return Unexpected<Error>{pool.error()};
  return std::unique_ptr<MediaGraph>(new MediaGraph(std::move(*pool), settings));
}

room::RoomMediaFactory MediaGraph::factory() const {
  return [pool = pool_,
          settings = settings_](const RoomName& name) -> std::unique_ptr<room::RoomMedia> {
    return std::make_unique<RoomPipeline>(name, pool, settings);
  };
}

}  // namespace gstlk::graph
