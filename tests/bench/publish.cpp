// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One participant that publishes a video of any bitrate into a room of a daemon that runs already,
// whatever it is asked to send less; for tests of what others have of it.
//
//   publish --http PORT --udp PORT --room NAME --identity NAME --megabits N --seconds S
//
// Prints one line of JSON: what it sent, in packets and in megabits per second.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "load_participant.h"
#include "main_loop.h"

namespace gstlk::bench {
namespace {

constexpr size_t kPacketSize = 1200;
// Of SRTP, UDP and IP.
constexpr size_t kOverhead = 16 + 8 + 20;
// Many small frames: what is sent shall come evenly.
constexpr unsigned kFramesPerSecond = 600;

struct Options {
  uint16_t http = 0;
  uint16_t udp = 0;
  std::string room;
  std::string identity;
  unsigned megabits = 0;
  unsigned seconds = 0;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    const auto number = [&] { return static_cast<unsigned>(atoi(value.c_str())); };
    if (name == "--http") options.http = static_cast<uint16_t>(number());
    if (name == "--udp") options.udp = static_cast<uint16_t>(number());
    if (name == "--room") options.room = value;
    if (name == "--identity") options.identity = value;
    if (name == "--megabits") options.megabits = number();
    if (name == "--seconds") options.seconds = number();
  }
  return options;
}

MediaSource::Config source_of(const Options& options) {
  const unsigned bits = 8 * (kPacketSize + kOverhead) * kFramesPerSecond;
  return {.packet_size = kPacketSize,
          .burst = std::max(1u, options.megabits * 1'000'000 / bits),
          .per_second = kFramesPerSecond};
}

int run(const Options& options) {
  const auto dtls = transport::DtlsContext::create();
  if (!dtls) return 1;
  LoadEngine engine;
  const Ref<SoupSession> soup = make_soup_session();
  LoadSite site{engine, soup.get(), dtls->get(), options.http,
                *transport::SocketAddress::from_host("127.0.0.1", options.udp)};
  LoadParticipant::Config config;
  config.room = options.room;
  config.identity = options.identity;
  config.subscribe = false;
  config.publish.push_back(source_of(options));
  LoadParticipant participant(site, config);
  const auto ended = [&] { return !participant.failure().empty(); };
  const auto connected = [&] {
    bool is_connected = false;
    engine.call(
        [&] { is_connected = participant.publisher() && participant.publisher()->connected(); });
    return is_connected;
  };
  if (!run_until([&] { return ended() || connected(); }, 10s) || ended()) {
    fprintf(stderr, "not connected: %s\n", participant.failure().c_str());
    return 1;
  }
  const Timestamp start = read_clock();
  engine.set_publishing(true);
  run_until(ended, std::chrono::seconds(options.seconds), 20ms);
  engine.set_publishing(false);
  const double seconds = static_cast<double>(Duration(read_clock() - start).count()) / 1e6;
  uint64_t sent = 0;
  engine.call([&] { sent = participant.publisher()->counters().sent; });
  printf("{\"packets\": %llu, \"megabits\": %.1f, \"failure\": \"%s\"}\n",
         static_cast<unsigned long long>(sent),
         static_cast<double>(sent * 8 * (kPacketSize + kOverhead)) / 1e6 / seconds,
         participant.failure().c_str());
  return 0;
}

}  // namespace
}  // namespace gstlk::bench

int main(int argc, char** argv) {
  return gstlk::bench::run(gstlk::bench::parse_options(argc, argv));
}
