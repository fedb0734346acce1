// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a join costs: from asking for the WebSocket to the first decrypted media packet, and the
// daemon's CPU time; one by one, and all at once. What is published is a packet every 5 ms, so that
// waiting for one does not hide the join.
//
//   join --daemon PATH [--single N] [--crowd N]
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "calibration.h"
#include "daemon_process.h"
#include "figures.h"
#include "load_participant.h"
#include "main_loop.h"
#include "process_usage.h"

namespace gstlk::bench {
namespace {

LoadParticipant::Config subscriber_config(const std::string& identity) {
  LoadParticipant::Config config;
  config.room = "bench";
  config.identity = identity;
  config.kind = MediaKind::Audio;
  config.sampling = true;
  return config;
}

LoadParticipant::Config publisher_config() {
  LoadParticipant::Config config = subscriber_config("publisher");
  config.subscribe = false;
  config.publish.push_back({.kind = MediaKind::Audio,
                            .ssrc = Ssrc(0x1000'0000),
                            .packet_size = 100,
                            .burst = 1,
                            .per_second = 200});
  return config;
}

// Milliseconds from the start to the first media packet; nullopt when there is none yet.
std::optional<double> join_time(LoadSite& site, LoadParticipant& participant) {
  std::optional<Timestamp> first;
  if (participant.subscriber())
    site.engine.call([&] { first = participant.subscriber()->first_media(); });
  if (!first) return std::nullopt;
  return static_cast<double>((*first - participant.started()).count()) / 1000;
}

double cpu_ms(pid_t pid) { return static_cast<double>(ProcessUsage::read(pid).cpu_ns) / 1e6; }

// `count` participants that start together; their join times. Fewer when some failed.
std::vector<double> join_together(LoadSite& site, const std::string& name, unsigned count,
                                  Duration limit) {
  std::vector<std::unique_ptr<LoadParticipant>> crowd;
  for (unsigned i = 0; i < count; ++i) {
    crowd.push_back(
        std::make_unique<LoadParticipant>(site, subscriber_config(name + "-" + std::to_string(i))));
  }
  std::vector<double> times;
  size_t next = 0;
  run_until(
      [&] {
        while (next < crowd.size()) {
          const auto time = join_time(site, *crowd[next]);
          if (!time) return !crowd[next]->failure().empty();
          times.push_back(*time);
          ++next;
        }
        return true;
      },
      limit);
  for (const auto& participant : crowd) {
    if (!participant->failure().empty())
      fprintf(stderr, "a join failed: %s\n", participant->failure().c_str());
  }
  return times;
}

bool measure(LoadSite& site, pid_t daemon, const char* how, unsigned rounds, unsigned count) {
  std::vector<double> times;
  std::vector<double> calibrations;
  double cpu = 0;
  for (unsigned round = 0; round < rounds; ++round) {
    const double before = cpu_ms(daemon);
    const auto joined = join_together(site, how + std::to_string(round), count, 30s);
    cpu += cpu_ms(daemon) - before;
    times.insert(times.end(), joined.begin(), joined.end());
    calibrations.push_back(calibrate_ns());
    // What those who leave cost is not the next one's.
    run_until([] { return false; }, 200ms);
  }
  const size_t wanted = size_t{rounds} * count;
  Figures("join")
      .add("how", how)
      .add("participants", count)
      .add("rounds", rounds)
      .add("time_p50_ms", percentile(times, 50))
      .add("time_max_ms", percentile(times, 100))
      .add("cpu_ms_each", cpu / static_cast<double>(wanted))
      .add("calibration_ns", percentile(calibrations, 50))
      .add("failed", wanted - times.size())
      .print();
  return times.size() == wanted;
}

int run(const std::string& program, unsigned single, unsigned crowd) {
  raise_descriptor_limit();
  DaemonProcess daemon(program);
  const auto dtls = transport::DtlsContext::create();
  if (!dtls || !daemon.wait_ready()) {
    fprintf(stderr, "the daemon does not start\n");
    return 1;
  }
  LoadEngine engine;
  engine.set_napping(false);
  const Ref<SoupSession> soup = make_soup_session();
  LoadSite site{engine, soup.get(), dtls->get(), DaemonProcess::kHttpPort,
                *transport::SocketAddress::from_host("127.0.0.1", DaemonProcess::kUdpPort)};
  LoadParticipant publisher(site, publisher_config());
  if (!run_until([&] { return publisher.published() || !publisher.failure().empty(); }, 10s) ||
      !publisher.published()) {
    fprintf(stderr, "the publisher could not join: %s\n", publisher.failure().c_str());
    return 1;
  }
  engine.set_publishing(true);
  join_together(site, "warm-up", 1, 10s);
  const bool one_by_one = measure(site, daemon.pid(), "one by one", single, 1);
  const bool together = measure(site, daemon.pid(), "at once", 1, crowd);
  engine.set_publishing(false);
  return one_by_one && together ? 0 : 1;
}

}  // namespace
}  // namespace gstlk::bench

int main(int argc, char** argv) {
  std::string daemon;
  unsigned single = 20;
  unsigned crowd = 200;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--daemon") daemon = argv[i + 1];
    if (name == "--single") single = static_cast<unsigned>(atoi(argv[i + 1]));
    if (name == "--crowd") crowd = static_cast<unsigned>(atoi(argv[i + 1]));
  }
  return gstlk::bench::run(daemon, single, crowd);
}
