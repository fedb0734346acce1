// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include "base/result.h"
#include "graph/media_settings.h"
#include "plugins/sfu/worker_pool.h"
#include "room/media.h"

namespace gstlk::graph {

// The media plane of the daemon: one pipeline for each room, made of sfu-transport and sfu-router,
// on shared workers. Main thread.
class MediaGraph {
 public:
  // Opens the ports; fails with words that name the port and the remedy.
  static Result<std::unique_ptr<MediaGraph>> create(const sfu::WorkerPoolConfig& config,
                                                    const MediaSettings& settings = {});

  // Pipelines keep the workers; they may outlive the graph.
  room::RoomMediaFactory factory() const;
  sfu::WorkerPool& workers() const { return *pool_; }

 private:
  MediaGraph(std::shared_ptr<sfu::WorkerPool> pool, const MediaSettings& settings)
      : pool_(std::move(pool)), settings_(settings) {}

  std::shared_ptr<sfu::WorkerPool> pool_;
  const MediaSettings settings_;
};

}  // namespace gstlk::graph
