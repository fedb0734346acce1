// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>

#include "base/bytes.h"

namespace gstlk::metrics {

// What the kernel's send queues have passed and dropped, of each network interface by its index:
// the root queueing discipline's, which counts for those below it.
struct QueueStatistics {
  struct Queue {
    uint32_t packets = 0;  // these wrap around
    uint32_t drops = 0;
  };
  std::map<int, Queue> queues;

  // Adds what one answer to RTM_GETQDISC says (rtnetlink(7)). False: it was the last.
  bool read(ByteView answer);
};

// Of this machine, or of the container that this is; empty where the kernel does not tell.
QueueStatistics read_queue_statistics();

// How much has been counted since the first reading.
class QueueGrowth {
 public:
  void update(const QueueStatistics& now);
  uint64_t packets() const { return packets_; }
  uint64_t drops() const { return drops_; }

 private:
  bool started_ = false;
  QueueStatistics before_;
  uint64_t packets_ = 0;
  uint64_t drops_ = 0;
};

}  // namespace gstlk::metrics
