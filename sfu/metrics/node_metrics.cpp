// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/node_metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "metrics/labels.h"
#include "metrics/process_metrics.h"

namespace gstlk::metrics {
namespace {

using sfu::ForwardLatency;

// What the gauges of latency are about, as far as somebody asks so often.
constexpr Duration kWindow = 60s;

const std::vector<double> kRequestMilliseconds{5,    10,   25,   50,    100,   250,  500,
                                               1000, 2500, 5000, 10000, 30000, 60000};

std::vector<double> latency_bounds() {
  std::vector<double> nanoseconds;
  for (const Duration bound : ForwardLatency::kBounds)
    nanoseconds.push_back(static_cast<double>(bound.count()) * 1000);
  return nanoseconds;
}

std::string status_family(unsigned status) {
  if (status >= 400 && status < 600) return status < 500 ? "4xx" : "5xx";
  return std::to_string(status);
}

uint64_t packets_of(const ForwardLatency::Totals& totals) {
  return std::accumulate(totals.packets.begin(), totals.packets.end(), uint64_t{0});
}

}  // namespace

NodeMetrics::NodeMetrics(room::Timers& timers, std::function<sfu::Traffic()> traffic,
                         std::function<QueueStatistics()> queues)
    : timers_(timers),
      traffic_(std::move(traffic)),
      queues_(std::move(queues)),
      request_status_(Kind::Counter, "livekit_node_twirp_request_status", "Answers of the API.",
                      {"service", "method", "status", "code"}),
      request_latency_(Kind::Histogram, "livekit_node_twirp_request_latency_ms",
                       "How long the API took to answer.", {"service", "method", "status"},
                       kRequestMilliseconds),
      queue_packets_(Kind::Gauge, "livekit_node_packet_total",
                     "Packets of all programs in the network's send queues since the start.",
                     {"type"}),
      latency_(Kind::Gauge, "livekit_forward_latency",
               "Mean time from reading a packet to sending it, in ns, of the last minute."),
      jitter_(Kind::Gauge, "livekit_forward_jitter", "Standard deviation of forward_latency."),
      latency_histogram_(Kind::Histogram, "livekit_forward_latency_ns",
                         "Time from reading a packet to sending it to one subscriber.", {},
                         latency_bounds()),
      switches_(Kind::Counter, "livekit_quality_switch_total",
                "Changes of the spatial layer that a subscriber is sent.", {"direction"}),
      memory_(Kind::Gauge, "livekit_process_rss", "Memory in use, in bytes.") {
  samples_.push_back({timers_.now(), {}});
  queue_growth_.update(queues_());
}

void NodeMetrics::on_api_answer(const std::string& service, const std::string& method,
                                unsigned status, std::string_view error, Duration took) {
  request_status_.add({service, method, status_family(status), std::string(error)}, 1);
  request_latency_.observe({service, method, status_family(status)}, milliseconds(took));
}

void NodeMetrics::read_latency(const ForwardLatency::Totals& totals) {
  const Timestamp now = timers_.now();
  samples_.push_back({now, totals});
  while (samples_.size() > 2 && now - samples_[1].at >= kWindow) samples_.pop_front();
  const ForwardLatency::Totals& before = samples_.front().totals;
  const auto packets = static_cast<double>(packets_of(totals) - packets_of(before));
  const double mean = packets == 0 ? 0 : static_cast<double>(totals.sum - before.sum) / packets;
  const double squares =
      packets == 0 ? 0
                   : static_cast<double>(totals.sum_of_squares - before.sum_of_squares) / packets;
  latency_.set({}, mean * 1000);
  jitter_.set({}, std::sqrt(std::max(squares - mean * mean, 0.)) * 1000);
  latency_histogram_.set_histogram({}, {totals.packets.begin(), totals.packets.end()},
                                   static_cast<double>(totals.sum) * 1000);
}

std::string NodeMetrics::print(const Labels& constant) {
  const sfu::Traffic traffic = traffic_();
  read_latency(traffic.latency);
  queue_growth_.update(queues_());
  queue_packets_.set({"out"}, static_cast<double>(queue_growth_.packets()));
  queue_packets_.set({"dropped"}, static_cast<double>(queue_growth_.drops()));
  switches_.set({"up"}, static_cast<double>(traffic.switches_up));
  switches_.set({"down"}, static_cast<double>(traffic.switches_down));
  memory_.set({}, resident_bytes());
  std::string out;
  for (const Family* family : {&request_status_, &request_latency_, &queue_packets_, &latency_,
                               &jitter_, &latency_histogram_, &switches_, &memory_}) {
    family->print(constant, out);
  }
  return out;
}

}  // namespace gstlk::metrics
