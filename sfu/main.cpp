// SPDX-License-Identifier: LGPL-2.1-or-later
#include <glib-unix.h>
#include <gst/gst.h>
#include <openssl/rand.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/ref.h"
#include "config/command_line.h"
#include "daemon.h"

namespace gstlk {
namespace {

constexpr guint kDrainCheckMs = 500;
// A last `leave` should still reach its client.
constexpr guint kFlushMs = 300;

// What runs until the process ends.
struct Service {
  std::unique_ptr<Daemon> daemon;
  Ref<GMainLoop> loop;
  bool draining = false;
  bool stopping = false;
};

void stop(Service& service) {
  if (std::exchange(service.stopping, true)) return;
  service.daemon->shut_down();
  g_timeout_add(
      kFlushMs,
      [](gpointer data) -> gboolean {
        g_main_loop_quit(static_cast<Service*>(data)->loop.get());
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
  fprintf(stderr, "draining: waiting for participants to leave; again to stop at once\n");
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

// Cores log through GStreamer: one GstDebugCategory for each of theirs, so that GST_DEBUG shows
// all.
void log_to_gstreamer(LogCategory& category, LogLevel level, const char* file, int line,
                      const char* function, const char* format, va_list arguments) {
  static constexpr GstDebugLevel kLevels[] = {GST_LEVEL_ERROR, GST_LEVEL_WARNING, GST_LEVEL_INFO,
                                              GST_LEVEL_DEBUG, GST_LEVEL_TRACE};
  auto* gst_category = static_cast<GstDebugCategory*>(category.sink_data);
  if (!gst_category) return;
  gst_debug_log_valist(gst_category, kLevels[static_cast<size_t>(level)], file, function, line,
                       nullptr, format, arguments);
}

void connect_log_category(LogCategory& category) {
  GstDebugCategory* gst_category = nullptr;
  GST_DEBUG_CATEGORY_INIT(gst_category, category.name, 0, "gst-livekit core");
  category.sink_data = gst_category;
  const GstDebugLevel threshold = gst_debug_category_get_threshold(gst_category);
  if (threshold >= GST_LEVEL_TRACE) {
    category.threshold = LogLevel::Trace;
  } else if (threshold >= GST_LEVEL_DEBUG) {
    category.threshold = LogLevel::Debug;
  } else if (threshold >= GST_LEVEL_INFO) {
    category.threshold = LogLevel::Info;
  } else if (threshold >= GST_LEVEL_WARNING) {
    category.threshold = LogLevel::Warning;
  } else {
    category.threshold = LogLevel::Error;
  }
}

void set_log_level(const config::LoggingConfig& logging) {
  if (g_getenv("GST_DEBUG")) return;
  const std::string& level = logging.level;
  gst_debug_set_default_threshold(GST_LEVEL_WARNING);
  if (level == "debug") gst_debug_set_threshold_from_string("sfu*:DEBUG", FALSE);
  if (level == "info") gst_debug_set_threshold_from_string("sfu*:WARNING", FALSE);
  if (level == "error") gst_debug_set_default_threshold(GST_LEVEL_ERROR);
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

int serve(const config::Config& config) {
  set_log_level(config.logging);
  set_log_sink(log_to_gstreamer);
  for_each_log_category(connect_log_category);
  auto daemon = Daemon::create(config);
  if (!daemon) {
    fprintf(stderr, "livekit-sfu: %s\n", daemon.error().message.c_str());
    return 1;
  }
  Service service;
  service.daemon = std::move(*daemon);
  service.loop = Ref<GMainLoop>::adopt(g_main_loop_new(nullptr, FALSE));
  for (int signal : {SIGINT, SIGTERM}) g_unix_signal_add(signal, on_signal, &service);
  fprintf(stderr, "livekit-sfu " SFU_VERSION " %s\n", service.daemon->describe().c_str());
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
    case config::Command::Serve:
    case config::Command::CreateJoinToken:
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
  for (const std::string& warning : warnings) fprintf(stderr, "%s\n", warning.c_str());
  if (!config) {
    fprintf(stderr, "livekit-sfu: %s\n", config.error().message.c_str());
    return 1;
  }
  if (line->command == config::Command::CreateJoinToken) return create_join_token(*line, *config);
  return serve(*config);
}

}  // namespace
}  // namespace gstlk

int main(int argc, char** argv) {
  gst_init(nullptr, nullptr);
  return gstlk::run({argv + 1, argv + argc});
}
