// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "metrics/family.h"
#include "metrics/queue_statistics.h"
#include "plugins/sfu/traffic.h"
#include "room/timers.h"

namespace gstlk::metrics {

// What this process does as a whole, under the names of LiveKit's metrics: how long it takes to
// forward a packet, what the machine's send queues do, how the API answers. Main thread only.
class NodeMetrics {
 public:
  // `timers` outlives this.
  NodeMetrics(room::Timers& timers, std::function<sfu::Traffic()> traffic,
              std::function<QueueStatistics()> queues);

  // The API has answered; `error` is Twirp's word for what was wrong.
  void on_api_answer(const std::string& service, const std::string& method, unsigned status,
                     std::string_view error, Duration took);

  // In the text format, with these labels at each sample.
  std::string print(const Labels& constant);

 private:
  struct Sample {
    Timestamp at;
    sfu::ForwardLatency::Totals totals;
  };

  void read_latency(const sfu::ForwardLatency::Totals& totals);

  room::Timers& timers_;
  const std::function<sfu::Traffic()> traffic_;
  const std::function<QueueStatistics()> queues_;
  QueueGrowth queue_growth_;
  std::deque<Sample> samples_;  // oldest first, never empty

  Family request_status_;
  Family request_latency_;
  Family queue_packets_;
  Family latency_;
  Family jitter_;
  Family latency_histogram_;
  Family switches_;
  Family memory_;
};

}  // namespace gstlk::metrics
