// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward_measurement.h"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "calibration.h"
#include "clock.h"
#include "process_usage.h"

namespace gstlk::bench {
namespace {

// Keyframes are asked for and sent, caches and arenas grow to their size.
constexpr auto kWarmUp = 2s;
// What is still on its way when publishing stops.
constexpr auto kDrain = 500ms;

struct Totals {
  PeerCounters counters;
  uint64_t kernel_drops = 0;
  std::vector<double> delays;
};

Totals collect(LoadEngine& engine) {
  Totals totals;
  engine.call([&] {
    for (const auto& peer : engine.peers()) {
      totals.counters += peer->counters();
      totals.kernel_drops += peer->kernel_drops();
      totals.delays.insert(totals.delays.end(), peer->delays().begin(), peer->delays().end());
    }
  });
  return totals;
}

// Returns what calibrate_ns() said meanwhile.
double publish_for(LoadEngine& engine, std::chrono::seconds duration) {
  std::vector<double> calibrations;
  engine.set_publishing(true);
  for (int64_t second = 0; second < duration.count(); ++second) {
    std::this_thread::sleep_for(1s);
    calibrations.push_back(calibrate_ns());
  }
  engine.set_publishing(false);
  std::this_thread::sleep_for(kDrain);
  return percentile(calibrations, 50);
}

}  // namespace

bool wait_connected(LoadEngine& engine, size_t count, std::chrono::seconds limit) {
  const Timestamp end = read_clock() + limit;
  while (read_clock() < end) {
    size_t connected = 0;
    engine.call([&] {
      connected = static_cast<size_t>(
          std::ranges::count_if(engine.peers(), [](const auto& p) { return p->connected(); }));
    });
    if (connected >= count) return true;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

bool measure_forward(LoadEngine& engine, const ForwardPlan& plan, Figures& figures,
                     double* us_per_packet) {
  publish_for(engine, kWarmUp);
  engine.call([&] {
    for (const auto& peer : engine.peers()) peer->reset_counters();
  });
  const uint64_t drops_before = read_socket_drops(plan.udp_port);
  const ProcessUsage before = ProcessUsage::read(plan.server);
  const ProcessUsage load_before = ProcessUsage::read(getpid());
  const Timestamp start = read_clock();
  const double calibration = publish_for(engine, plan.duration);
  const ProcessUsage after = ProcessUsage::read(plan.server);
  const ProcessUsage load_after = ProcessUsage::read(getpid());
  const auto elapsed_ns = static_cast<double>((read_clock() - start - kDrain).count()) * 1000;
  Totals totals = collect(engine);

  const PeerCounters& counters = totals.counters;
  const uint64_t expected = counters.sent * plan.copies;
  const uint64_t arrived = counters.received + totals.kernel_drops;
  const auto cpu_ns = static_cast<double>(after.cpu_ns - before.cpu_ns);
  const uint64_t server_drops = read_socket_drops(plan.udp_port) - drops_before;
  const double cost = cpu_ns / 1000 / static_cast<double>(std::max<uint64_t>(arrived, 1));
  if (us_per_packet) *us_per_packet = cost;
  figures.add("packets", counters.received)
      .add("us_per_packet", cost)
      .add("calibration_ns", calibration)
      .add("server_cpu", cpu_ns / elapsed_ns)
      .add("load_cpu", static_cast<double>(load_after.cpu_ns - load_before.cpu_ns) / elapsed_ns)
      .add("lost_inside", expected - std::min(expected, arrived))
      .add("lost_at_server_socket", server_drops)
      .add("lost_at_client_sockets", totals.kernel_drops)
      .add("missing_in_samples", counters.missing)
      .add("unreadable", counters.unreadable)
      .add("datagrams_per_message",
           static_cast<double>(counters.received) /
               static_cast<double>(std::max<uint64_t>(counters.messages, 1)))
      .add("delay_p50_ms", percentile(totals.delays, 50))
      .add("delay_p99_ms", percentile(totals.delays, 99))
      .add("threads", after.threads)
      .add("bytes_per_subscriber",
           (after.resident_bytes - std::min(after.resident_bytes, plan.resident_empty)) /
               std::max<uint64_t>(plan.subscribers, 1));
  return counters.received > 0;
}

}  // namespace gstlk::bench
