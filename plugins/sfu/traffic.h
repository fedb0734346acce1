// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "base/counter.h"
#include "plugins/sfu/forward_latency.h"

namespace gstlk::sfu {

// What workers have moved since they began: datagrams and ICE/TCP frames with everything in them.
struct Traffic {
  uint64_t packets_received = 0;
  uint64_t bytes_received = 0;
  uint64_t packets_sent = 0;
  uint64_t bytes_sent = 0;
  uint64_t switches_up = 0;  // of what a subscriber is sent, to a higher spatial layer
  uint64_t switches_down = 0;
  ForwardLatency::Totals latency;
};

// Where one worker counts it.
struct TrafficCounters {
  Counter packets_received;
  Counter bytes_received;
  Counter packets_sent;
  Counter bytes_sent;
  Counter switches_up;
  Counter switches_down;
  ForwardLatency latency;

  // Any thread.
  void add_to(Traffic& traffic) const {
    traffic.packets_received += packets_received.read();
    traffic.bytes_received += bytes_received.read();
    traffic.packets_sent += packets_sent.read();
    traffic.bytes_sent += bytes_sent.read();
    traffic.switches_up += switches_up.read();
    traffic.switches_down += switches_down.read();
    traffic.latency += latency.totals();
  }
};

}  // namespace gstlk::sfu
