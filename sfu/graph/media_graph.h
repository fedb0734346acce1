// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include "base/result.h"
#include "plugins/sfu/worker_pool.h"
#include "room/media.h"

namespace gstlk::graph {

// The media plane of the daemon: one pipeline for each room, made of sfu-transport and sfu-router,
// on shared workers. Main thread.
class MediaGraph {
 public:
  // Opens the ports; fails with words that name the port and the remedy.
  static Result<std::unique_ptr<MediaGraph>> create(const sfu::WorkerPoolConfig& config);

  // Pipelines keep the workers; they may outlive the graph.
  room::RoomMediaFactory factory() const;
  sfu::WorkerPool& workers() const { return *pool_; }

 private:
  explicit MediaGraph(std::shared_ptr<sfu::WorkerPool> pool) : pool_(std::move(pool)) {}

  std::shared_ptr<sfu::WorkerPool> pool_;
};

}  // namespace gstlk::graph
