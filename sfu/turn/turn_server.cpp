// SPDX-License-Identifier: LGPL-2.1-or-later
#include "turn/turn_server.h"

#include <netinet/in.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include "net/host_addresses.h"
#include "transport/socket_options.h"
#include "turn/coturn_config.h"
#include "turn/log.h"
#include "turn/private_folder.h"
#include "turn/throwaway_certificate.h"

namespace gstlk::turn {
namespace {

constexpr char kProgram[] = "turnserver";
constexpr char kConfigName[] = "/turnserver.conf";
constexpr Duration kFirstPause = 500ms;
constexpr Duration kLongestPause = 60s;
// Who ran for that long was fine.
constexpr Duration kSettled = 60s;
// For its end; it takes a twentieth of that.
constexpr int kEndSteps = 100;
constexpr gulong kEndStepMicros = 10'000;

Timestamp monotonic_now() { return Timestamp(std::chrono::microseconds(g_get_monotonic_time())); }

bool is_own(const std::string& host) {
  const auto address = IpRange::parse(host);
  return std::ranges::any_of(net::list_host_addresses(), [&](const net::HostAddress& own) {
    return IpRange::parse(own.address) == address;
  });
}

bool can_listen(const std::string& host, uint16_t port, GSocketType type, std::string& why) {
  GSocketAddress* raw = g_inet_socket_address_new_from_string(host.c_str(), port);
  if (!raw) {
    why = "no IP address";
    return false;
  }
  const auto address = Ref<GSocketAddress>::adopt(raw);
  GError* error = nullptr;
  const auto socket = Ref<GSocket>::adopt(
      g_socket_new(g_socket_address_get_family(raw), type, G_SOCKET_PROTOCOL_DEFAULT, &error));
  // One of ours that the kernel still checks for duplicates will do; coturn waits for it.
  if (socket && g_socket_address_get_family(raw) == G_SOCKET_FAMILY_IPV6 && is_own(host))
    g_socket_set_option(socket.get(), IPPROTO_IPV6, IPV6_FREEBIND, 1, nullptr);
  // TCP may be taken over from connections that have just ended, UDP not from anybody.
  const bool bound = socket &&
                     g_socket_bind(socket.get(), raw, type == G_SOCKET_TYPE_STREAM, &error) &&
                     (type != G_SOCKET_TYPE_STREAM || g_socket_listen(socket.get(), &error));
  if (!bound) why = error->message;
  g_clear_error(&error);
  return bound;
}

Result<void> check_port(const TurnSettings& settings, const char* key, uint16_t port,
                        GSocketType type) {
  std::string why;
  for (const std::string& host : settings.listen) {
    if (port == 0 || can_listen(host, port, type, why)) continue;
    return fail(std::string(key) + ": cannot listen on " +
                (type == G_SOCKET_TYPE_STREAM ? "TCP " : "UDP ") + host + " port " +
                std::to_string(port) + ": " + why + "; choose another, or stop what uses it");
  }
  return {};
}

// Of the child, between fork() and exec(): it goes when we do, even if we are killed, and not
// before, when a terminal's interrupt makes us wait for calls to end.
void end_with_parent(gpointer parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != GPOINTER_TO_INT(parent)) _exit(1);
}

std::string describe_end(GSubprocess* process) {
  if (g_subprocess_get_if_signaled(process)) {
    return std::string("by signal ") + strsignal(g_subprocess_get_term_sig(process));
  }
  return "with status " + std::to_string(g_subprocess_get_exit_status(process));
}

}  // namespace

std::optional<std::string> find_turnserver() {
  char* path = g_find_program_in_path(kProgram);
  if (!path) return std::nullopt;
  std::string found(path);
  g_free(path);
  return found;
}

Result<void> check_ports(TurnSettings& settings) {
  if (auto free = check_port(settings, "turn.udp_port", settings.udp_port, G_SOCKET_TYPE_DATAGRAM);
      !free)
    return free;
  if (auto free = check_port(settings, "turn.tls_port", settings.tls_port, G_SOCKET_TYPE_STREAM);
      !free)
    return free;
  if (needs_certificate(settings)) {
    // coturn listens there whether we want it or not.
    if (auto free =
            check_port(settings, "turn.tls_port", settings.tls_port, G_SOCKET_TYPE_DATAGRAM);
        !free)
      return free;
  }
  if (!settings.tcp) return {};
  if (auto free = check_port(settings, "turn.udp_port", settings.udp_port, G_SOCKET_TYPE_STREAM);
      !free) {
    LOG_WARNING(log_turn, "%s; TURN over plain TCP is not offered", free.error().message.c_str());
    drop_tcp(settings);
  }
  return {};
}

Result<std::unique_ptr<TurnServer>> TurnServer::start(const std::string& program,
                                                      const TurnSettings& settings) {
  std::unique_ptr<TurnServer> server(new TurnServer(program, settings));
  if (auto written = server->write_files(); !written) return Unexpected<Error>{written.error()};
  server->launch();
  return server;
}

TurnServer::TurnServer(std::string program, TurnSettings settings)
    : program_(std::move(program)),
      settings_(std::move(settings)),
      alive_(Ref<GCancellable>::adopt(g_cancellable_new())),
      pause_(kFirstPause) {}

TurnServer::~TurnServer() {
  g_cancellable_cancel(alive_.get());
  if (timer_ != 0) g_source_remove(timer_);
  if (process_) {
    // The next daemon may want its ports at once.
    g_subprocess_send_signal(process_.get(), SIGTERM);
    for (int i = 0; i < kEndSteps && g_subprocess_get_identifier(process_.get()); i++) {
      g_usleep(kEndStepMicros);
    }
    g_subprocess_force_exit(process_.get());
    g_subprocess_wait(process_.get(), nullptr, nullptr);
  }
  if (!folder_.empty()) remove_folder(folder_);
}

// Anew for each run: a folder among temporary ones may be cleared away after some days.
Result<void> TurnServer::write_files() {
  if (!folder_.empty()) remove_folder(std::exchange(folder_, ""));
  auto made = make_private_folder();
  if (!made) return Unexpected<Error>{made.error()};
  folder_ = *made;
  const bool written =
      write_private(folder_ + kConfigName, coturn_config(settings_, folder_)) &&
      (!needs_certificate(settings_) ||
       write_private(folder_ + kThrowawayCertificate, make_throwaway_certificate()));
  if (written) return {};
  return fail("turn.enabled: cannot write coturn's configuration to " + folder_ + "; set TMPDIR");
}

void TurnServer::launch() {
  launched_ = monotonic_now();
  output_ = std::make_unique<ProgramOutput>();
  const auto launcher =
      Ref<GSubprocessLauncher>::adopt(g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDERR_MERGE));
  g_subprocess_launcher_take_stdout_fd(launcher.get(), output_->take_write_end());
  // LIVEKIT_KEYS and the like are none of its business.
  std::array<char*, 1> no_environment{nullptr};
  g_subprocess_launcher_set_environ(launcher.get(), no_environment.data());
  g_subprocess_launcher_set_child_setup(launcher.get(), end_with_parent, GINT_TO_POINTER(getpid()),
                                        nullptr);
  const std::string config = folder_ + kConfigName;
  const std::array<const char*, 4> arguments{program_.c_str(), "-c", config.c_str(), nullptr};
  GError* error = nullptr;
  process_ = Ref<GSubprocess>::adopt(
      g_subprocess_launcher_spawnv(launcher.get(), arguments.data(), &error));
  if (!process_) {
    LOG_WARNING(log_turn, "cannot start %s: %s", program_.c_str(), error->message);
    g_error_free(error);
    launch_later();
    return;
  }
  LOG_INFO(log_turn, "TURN server runs as process %s", g_subprocess_get_identifier(process_.get()));
  g_subprocess_wait_async(
      process_.get(), alive_.get(),
      [](GObject* process, GAsyncResult* result, gpointer self) {
        // Cancelled: `self` is gone.
        if (g_subprocess_wait_finish(G_SUBPROCESS(process), result, nullptr)) {
          static_cast<TurnServer*>(self)->on_ended();
        }
      },
      this);
}

void TurnServer::on_ended() {
  output_->read();
  LOG_WARNING(log_turn, "the TURN server ended %s; it is started again",
              describe_end(process_.get()).c_str());
  process_.reset();
  if (monotonic_now() - launched_ >= kSettled) pause_ = kFirstPause;
  launch_later();
}

void TurnServer::launch_later() {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(pause_).count();
  pause_ = std::min(2 * pause_, kLongestPause);
  timer_ = g_timeout_add(
      static_cast<guint>(milliseconds),
      [](gpointer data) -> gboolean {
        auto& self = *static_cast<TurnServer*>(data);
        self.timer_ = 0;
        self.launch_again();
        return G_SOURCE_REMOVE;
      },
      this);
}

void TurnServer::launch_again() {
  const Result<void> written = write_files();
  if (written) return launch();
  LOG_WARNING(log_turn, "%s", written.error().message.c_str());
  launch_later();
}

void TurnServer::reload_certificate() {
  // One that has just begun reads the files anyway, and does not know the signal yet.
  if (process_) g_subprocess_send_signal(process_.get(), SIGUSR2);
}

}  // namespace gstlk::turn
