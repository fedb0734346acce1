// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What forwarding costs in the daemon: one publisher and N subscribers, or meetings of n that all
// publish; by the signal connection, ICE, DTLS and SRTP, over loopback.
//
//   forward --daemon PATH [--subscribers N | --meeting n] [--seconds S] [--audio] [--no-gro]
//           [--watched]
//
// With --watched it is measured in turns, with nobody who looks on and with metrics and statistics
// asked for every second; `watched_ratio` is what that costs.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "daemon_process.h"
#include "forward_measurement.h"
#include "load_participant.h"
#include "main_loop.h"
#include "process_usage.h"
#include "watcher.h"

namespace gstlk::bench {
namespace {

constexpr char kRoom[] = "bench";
constexpr int kTurns = 5;
constexpr size_t kSampleEvery = 50;
// So many are on their way into the room at a time.
constexpr size_t kJoiningAtOnce = 32;

struct Options {
  std::string daemon;
  unsigned subscribers = 500;
  unsigned meeting = 0;
  unsigned seconds = 10;
  bool audio = false;
  bool gro = true;
  bool watched = false;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto value = [&] { return std::string(i + 1 < argc ? argv[++i] : ""); };
    const auto number = [&] { return static_cast<unsigned>(atoi(value().c_str())); };
    if (name == "--daemon") options.daemon = value();
    if (name == "--subscribers") options.subscribers = number();
    if (name == "--meeting") options.meeting = number();
    if (name == "--seconds") options.seconds = number();
    if (name == "--audio") options.audio = true;
    if (name == "--no-gro") options.gro = false;
    if (name == "--watched") options.watched = true;
  }
  return options;
}

class ForwardBench {
 public:
  ForwardBench(const Options& options, LoadSite& site) : options_(options), site_(site) {}

  bool join_publisher();
  bool join_subscribers();
  bool join_meeting();
  bool wait_media(Duration limit);

 private:
  LoadParticipant::Config config(const std::string& identity, bool publishes);
  LoadParticipant& join(LoadParticipant::Config config);
  bool is_in(LoadParticipant& participant);
  bool wait_in();

  const Options& options_;
  LoadSite& site_;
  std::vector<std::unique_ptr<LoadParticipant>> participants_;
};

LoadParticipant::Config ForwardBench::config(const std::string& identity, bool publishes) {
  LoadParticipant::Config config;
  config.room = kRoom;
  config.identity = identity;
  config.gro = options_.gro;
  config.kind = options_.audio ? MediaKind::Audio : MediaKind::Video;
  if (!publishes) return config;
  MediaSource::Config source{
      .kind = config.kind, .ssrc = Ssrc(0x1000'0000 + static_cast<uint32_t>(participants_.size()))};
  if (options_.audio) {
    source.packet_size = 100;
    source.burst = 1;
    source.per_second = 50;
  }
  config.publish.push_back(source);
  return config;
}

LoadParticipant& ForwardBench::join(LoadParticipant::Config config) {
  participants_.push_back(std::make_unique<LoadParticipant>(site_, std::move(config)));
  return *participants_.back();
}

bool ForwardBench::is_in(LoadParticipant& participant) {
  bool in = participant.publisher() || participant.subscriber();
  site_.engine.call([&] {
    for (LoadPeer* peer : {participant.publisher(), participant.subscriber()})
      in &= !peer || peer->connected();
  });
  return in;
}

// Everybody who is joining is connected; says who failed.
bool ForwardBench::wait_in() {
  size_t next = 0;
  const auto all_in = [&] {
    while (next < participants_.size() &&
           (is_in(*participants_[next]) || !participants_[next]->failure().empty()))
      ++next;
    return next == participants_.size();
  };
  bool ok = run_until(all_in, 30s);
  for (const auto& participant : participants_) {
    if (participant->failure().empty()) continue;
    fprintf(stderr, "a participant failed: %s\n", participant->failure().c_str());
    ok = false;
    break;
  }
  return ok;
}

bool ForwardBench::join_publisher() {
  LoadParticipant::Config publisher = config("publisher", true);
  publisher.subscribe = false;
  join(std::move(publisher));
  return wait_in();
}

bool ForwardBench::join_subscribers() {
  for (unsigned i = 0; i < options_.subscribers; ++i) {
    LoadParticipant::Config subscriber = config("subscriber-" + std::to_string(i), false);
    // Else each that joins is news for all that are there.
    subscriber.hidden = true;
    subscriber.sampling = i % kSampleEvery == 0;
    join(std::move(subscriber));
    if (i % kJoiningAtOnce == kJoiningAtOnce - 1 && !wait_in()) return false;
  }
  return wait_in();
}

bool ForwardBench::join_meeting() {
  for (unsigned i = 0; i < options_.meeting; ++i) {
    LoadParticipant::Config member = config("member-" + std::to_string(i), true);
    member.sampling = true;
    join(std::move(member));
    if (!wait_in()) return false;
  }
  return true;
}

// With the publishers running, until every subscriber has heard something.
bool ForwardBench::wait_media(Duration limit) {
  site_.engine.set_publishing(true);
  const auto all_heard = [&] {
    bool all = true;
    site_.engine.call([&] {
      for (const auto& peer : site_.engine.peers())
        all &= peer->publishes() || peer->first_media().has_value();
    });
    return all;
  };
  const bool ok = run_until(all_heard, limit);
  site_.engine.set_publishing(false);
  return ok;
}

// libsoup's connections answer pings on the main context, which therefore has to run while the
// measuring thread sleeps.
bool measure(LoadSite& site, const ForwardPlan& plan, Figures& figures,
             double* us_per_packet = nullptr) {
  bool ok = false;
  std::atomic<bool> done{false};
  std::thread measuring([&] {
    ok = measure_forward(site.engine, plan, figures, us_per_packet);
    done = true;
  });
  run_until([&] { return done.load(); }, 600s, 200ms);
  measuring.join();
  return ok;
}

// In turns, because what else the machine does changes with time.
bool measure_watched(LoadSite& site, const ForwardPlan& plan, Figures& figures) {
  Watcher watcher(DaemonProcess::kHttpPort, kRoom);
  std::vector<double> ratios;
  std::vector<double> alone;
  std::vector<double> watched;
  for (int turn = 0; turn < kTurns; ++turn) {
    double cost[2] = {0, 0};
    // The one that begins changes too.
    for (const bool looks : {turn % 2 != 0, turn % 2 == 0}) {
      watcher.set_watching(looks);
      Figures unused("forward");
      if (!measure(site, plan, unused, &cost[looks])) return false;
    }
    alone.push_back(cost[0]);
    watched.push_back(cost[1]);
    ratios.push_back(cost[1] / cost[0]);
  }
  figures.add("us_per_packet", percentile(alone, 50))
      .add("us_per_packet_watched", percentile(watched, 50))
      .add("watched_ratio", percentile(ratios, 50))
      .add("answers", watcher.answers())
      .add("answer_bytes", watcher.bytes());
  if (watcher.refusals() == 0 && watcher.answers() > 0) return true;
  fprintf(stderr, "%zu answers, %zu refusals\n", watcher.answers(), watcher.refusals());
  return false;
}

int run(const Options& options) {
  raise_descriptor_limit();
  DaemonProcess daemon(options.daemon);
  const auto dtls = transport::DtlsContext::create();
  if (!dtls || !daemon.wait_ready()) {
    fprintf(stderr, "the daemon does not start\n");
    return 1;
  }
  LoadEngine engine;
  const Ref<SoupSession> soup = make_soup_session();
  LoadSite site{engine, soup.get(), dtls->get(), DaemonProcess::kHttpPort,
                *transport::SocketAddress::from_host("127.0.0.1", DaemonProcess::kUdpPort)};
  ForwardBench bench(options, site);
  Figures figures("forward");
  ForwardPlan plan;
  plan.server = daemon.pid();
  plan.udp_port = DaemonProcess::kUdpPort;
  plan.duration = std::chrono::seconds(options.seconds);
  bool joined = false;
  if (options.meeting > 0) {
    plan.resident_empty = ProcessUsage::read(daemon.pid()).resident_bytes;
    joined = bench.join_meeting();
    plan.copies = options.meeting - 1;
    plan.subscribers = options.meeting;
    figures.add("meeting", options.meeting);
  } else {
    joined = bench.join_publisher();
    plan.resident_empty = ProcessUsage::read(daemon.pid()).resident_bytes;
    joined = joined && bench.join_subscribers();
    plan.copies = plan.subscribers = options.subscribers;
    figures.add("subscribers", options.subscribers);
  }
  figures.add("media", options.audio ? "audio" : "video");
  if (!joined || !bench.wait_media(20s)) {
    fprintf(stderr, joined ? "not everybody got media\n" : "not everybody could join\n");
    return 1;
  }
  const bool ok =
      options.watched ? measure_watched(site, plan, figures) : measure(site, plan, figures);
  figures.print();
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace gstlk::bench

int main(int argc, char** argv) {
  const auto options = gstlk::bench::parse_options(argc, argv);
  return gstlk::bench::run(options);
}
