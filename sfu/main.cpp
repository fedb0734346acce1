// SPDX-License-Identifier: LGPL-2.1-or-later
#include <glib-unix.h>
#include <google/protobuf/stubs/logging.h>
#include <gst/gst.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "base/ref.h"
#include "config/command_line.h"
#include "daemon.h"
#include "doctor/doctor.h"
#include "logging/log_output.h"
#include "net/descriptor_limit.h"
#include "plugins/sfu/worker_pool.h"

namespace gstlk {
namespace {

constexpr guint kDrainCheckMs = 500;
// A last `leave` should still reach its client, and the last events those who want them, as long as
// they answer.
constexpr guint kFlushMs = 300;
constexpr int kMaxFlushes = 7;

// What runs until the process ends.
struct Service {
  config::LoggingConfig logging;
  std::unique_ptr<Daemon> daemon;
  Ref<GMainLoop> loop;
  bool draining = false;
  bool stopping = false;
  int flushes = 0;
};

void stop(Service& service) {
  if (std::exchange(service.stopping, true)) return;
  service.daemon->shut_down();
  g_timeout_add(
      kFlushMs,
      [](gpointer data) -> gboolean {
        auto& waiting = *static_cast<Service*>(data);
        if (++waiting.flushes < kMaxFlushes && !waiting.daemon->flushed()) return G_SOURCE_CONTINUE;
        g_main_loop_quit(waiting.loop.get());
        return G_SOURCE_REMOVE;
      },
      &service);
}

// The first signal waits until everybody has left, the second does not.
gboolean on_signal(gpointer data) {
  auto& service = *static_cast<Service*>(data);
  if (std::exchange(service.draining, true) || service.daemon->drained()) {
    stop(service);
    return G_SOURCE_CONTINUE;
  }
  logging::say(service.logging, GST_LEVEL_INFO,
               "draining: waiting for participants to leave; again to stop at once");
  service.daemon->start_draining();
  g_timeout_add(
      kDrainCheckMs,
      [](gpointer inner) -> gboolean {
        auto& waiting = *static_cast<Service*>(inner);
        if (!waiting.daemon->drained()) return G_SOURCE_CONTINUE;
        stop(waiting);
        return G_SOURCE_REMOVE;
      },
      data);
  return G_SOURCE_CONTINUE;
}

std::string random_text(size_t length) {
  static constexpr char kAlphabet[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::string text;
  while (text.size() < length) {
    uint8_t byte = 0;
    RAND_bytes(&byte, 1);
    // Without the modulo's preference for the first letters.
    if (byte < 248) text += kAlphabet[byte % 62];
  }
  return text;
}

int generate_keys() {
  printf("API Key: %s\nAPI Secret: %s\n", ("API" + random_text(12)).c_str(),
         random_text(44).c_str());
  return 0;
}

int create_join_token(const config::CommandLine& line, const config::Config& config) {
  if (line.room.empty() || line.identity.empty()) {
    fprintf(stderr, "create-join-token needs --room and --identity\n");
    return 1;
  }
  livekit::Claims claims;
  const auto now =
      std::chrono::time_point_cast<livekit::UnixTime::duration>(std::chrono::system_clock::now());
  claims.expires_at = now + std::chrono::hours(24 * 30);
  claims.not_before = now;
  claims.grants.identity = line.identity;
  claims.grants.video.emplace();
  claims.grants.video->room_join = true;
  claims.grants.video->room = line.room;
  if (line.recorder) {
    claims.grants.video->hidden = true;
    claims.grants.video->recorder = true;
    claims.grants.video->can_publish = false;
  }
  const api::Authenticator authenticator(config.keys, [now] { return now; });
  printf("%s\n", authenticator.sign(claims).c_str());
  return 0;
}

void list_turn_ports(const config::TurnConfig& turn) {
  if (!turn.enabled) return;
  const char* protocols = config::has_plain_tcp(turn) ? "UDP and TCP" : "UDP";
  if (turn.udp_port != 0) printf("%s %u: TURN\n", protocols, turn.udp_port);
  if (turn.tls_port != 0) printf("TCP %u: TURN over TLS\n", turn.tls_port);
}

int list_ports(const config::Config& config) {
  const config::RtcConfig& rtc = config.rtc;
  printf("TCP %u: HTTP and WebSocket\n", config.port);
  if (config.prometheus.port != 0) printf("TCP %u: metrics\n", config.prometheus.port);
  if (rtc.tcp_port != 0) printf("TCP %u: media (ICE over TCP)\n", rtc.tcp_port);
  list_turn_ports(config.turn);
  if (rtc.force_tcp) return 0;
  const std::string last =
      rtc.udp_ports.last > rtc.udp_ports.first ? "-" + std::to_string(rtc.udp_ports.last) : "";
  printf("UDP %u%s: media\n", rtc.udp_ports.first, last.c_str());
  return 0;
}

int examine(const config::Config& config, const std::vector<std::string>& warnings) {
  const doctor::MediaNeeds needs{sfu::kSocketBuffer,
                                 std::max(1u, std::thread::hardware_concurrency())};
  doctor::Findings findings;
  for (const std::string& warning : warnings) {
    // The doctor has a line of its own for these.
    if (!warning.starts_with("keys: ")) findings.push_back({doctor::Verdict::Warn, warning, ""});
  }
  for (doctor::Finding& finding : doctor::examine(config, needs)) {
    findings.push_back(std::move(finding));
  }
  bool fails = false;
  for (const doctor::Finding& finding : findings) {
    printf("%s\n", doctor::print(finding).c_str());
    fails = fails || finding.verdict == doctor::Verdict::Fail;
  }
  return fails ? 1 : 0;
}

// GLib has no source for it, and it shall be what the others are. kill() is async-signal-safe.
void stop_like_terminate(int) { kill(getpid(), SIGTERM); }

int serve(const config::Config& config) {
  net::raise_descriptor_limit();
  gst_init(nullptr, nullptr);
  // What it cannot read is answered where it is read; said on stderr it would let clients fill a
  // disk.
  google::protobuf::SetLogHandler(nullptr);
  for (const std::string& warning : logging::set_up(config.logging)) {
    logging::say(config.logging, GST_LEVEL_WARNING, warning);
  }
  auto daemon = Daemon::create(config);
  if (!daemon) {
    logging::say(config.logging, GST_LEVEL_ERROR, "livekit-sfu: " + daemon.error().message);
    return 1;
  }
  Service service;
  service.logging = config.logging;
  service.daemon = std::move(*daemon);
  service.loop = Ref<GMainLoop>::adopt(g_main_loop_new(nullptr, FALSE));
  for (int signal : {SIGINT, SIGTERM}) g_unix_signal_add(signal, on_signal, &service);
  std::signal(SIGQUIT, stop_like_terminate);
  logging::say(config.logging, GST_LEVEL_INFO,
               "livekit-sfu " SFU_VERSION " " + service.daemon->describe());
  g_main_loop_run(service.loop.get());
  return 0;
}

int run(const std::vector<std::string>& arguments) {
  const auto line = config::parse_command_line(arguments);
  if (!line) {
    fprintf(stderr, "livekit-sfu: %s\n", line.error().message.c_str());
    return 1;
  }
  switch (line->command) {
    case config::Command::Help:
      printf("%s", config::help_text().c_str());
      return 0;
    case config::Command::HelpVerbose:
      printf("%s", config::verbose_help_text().c_str());
      return 0;
    case config::Command::Version:
      printf("livekit-sfu " SFU_VERSION "\n");
      return 0;
    case config::Command::GenerateKeys:
      return generate_keys();
    case config::Command::ListNodes:
      // LiveKit's lists what Redis knows.
      printf("This server is a node of its own; there are no others to list.\n");
      return 0;
    case config::Command::Serve:
    case config::Command::CreateJoinToken:
    case config::Command::Doctor:
    case config::Command::Ports:
      break;
  }
  std::vector<std::string> warnings;
  const auto config = config::load_config(
      *line,
      [](const std::string& name) -> std::optional<std::string> {
        const char* value = g_getenv(name.c_str());
        return value ? std::optional<std::string>(value) : std::nullopt;
      },
      warnings);
  const bool is_doctor = line->command == config::Command::Doctor;
  if (is_doctor && config) return examine(*config, warnings);
  // Who types another command reads what it says.
  const bool serves = line->command == config::Command::Serve && config;
  const config::LoggingConfig log = serves ? config->logging : config::LoggingConfig{};
  for (const std::string& warning : warnings) logging::say(log, GST_LEVEL_WARNING, warning);
  if (!config) {
    if (is_doctor) {
      printf("%s\n", doctor::print(doctor::broken(config.error().message, "")).c_str());
      return 1;
    }
    fprintf(stderr, "livekit-sfu: %s\n", config.error().message.c_str());
    return 1;
  }
  if (line->command == config::Command::CreateJoinToken) return create_join_token(*line, *config);
  if (line->command == config::Command::Ports) return list_ports(*config);
  return serve(*config);
}

}  // namespace
}  // namespace gstlk

int main(int argc, char** argv) { return gstlk::run({argv + 1, argv + argc}); }
