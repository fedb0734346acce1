// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include "base/result.h"
#include "graph/media_limits.h"
#include "plugins/sfu/worker_pool.h"
#include "room/media.h"

namespace gstlk::graph {

// The media plane of the daemon: one pipeline for each room, made of sfu-transport and sfu-router,
// on shared workers. Main thread.
class MediaGraph {
 public:
  // Opens the ports; fails with words that name the port and the remedy.
  static Result<std::unique_ptr<MediaGraph>> create(const sfu::WorkerPoolConfig& config,
                                                    const MediaLimits& limits = {});

  // Pipelines keep the workers; they may outlive the graph.
  room::RoomMediaFactory factory() const;
  sfu::WorkerPool& workers() const { return *pool_; }

 private:
  MediaGraph(std::shared_ptr<sfu::WorkerPool> pool, const MediaLimits& limits)
      : pool_(std::move(pool)), limits_(limits) {}

  std::shared_ptr<sfu::WorkerPool> pool_;
  const MediaLimits limits_;
};

}  // namespace gstlk::graph
