// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>

#include "figures.h"
#include "load_engine.h"

namespace gstlk::bench {

struct ForwardPlan {
  pid_t server = 0;
  uint16_t udp_port = 0;        // the server's
  uint64_t copies = 0;          // subscribers of each published packet
  uint64_t subscribers = 0;     // peer connections that receive
  uint64_t resident_empty = 0;  // bytes of the server without subscribers
  std::chrono::seconds duration{10};
};

// Waits until `count` peers are connected; false after `limit`.
bool wait_connected(LoadEngine& engine, size_t count, std::chrono::seconds limit);
// Publishes for a while, then counts what it cost and what arrived. False when nothing did.
// `us_per_packet`, if not null, gets what it cost.
bool measure_forward(LoadEngine& engine, const ForwardPlan& plan, Figures& figures,
                     double* us_per_packet = nullptr);

}  // namespace gstlk::bench
