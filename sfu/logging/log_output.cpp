// SPDX-License-Identifier: LGPL-2.1-or-later
#include "logging/log_output.h"

#include <array>
#include <cstdio>
#include <optional>

#include "base/log.h"

namespace gstlk::logging {
namespace {

// LiveKit's info is what an administrator wants to see; GStreamer's is every session's life.
std::optional<GstDebugLevel> level_of(std::string_view name) {
  struct Level {
    std::string_view name;
    GstDebugLevel level;
  };
  constexpr std::array kLevels = {Level{"error", GST_LEVEL_ERROR}, Level{"warn", GST_LEVEL_WARNING},
                                  Level{"info", GST_LEVEL_WARNING}, Level{"debug", GST_LEVEL_DEBUG},
                                  Level{"trace", GST_LEVEL_TRACE}};
  for (const Level& level : kLevels) {
    if (level.name == name) return level.level;
  }
  return std::nullopt;
}

std::string_view name_of(GstDebugLevel level) {
  switch (level) {
    case GST_LEVEL_ERROR:
      return "error";
    case GST_LEVEL_WARNING:
    case GST_LEVEL_FIXME:
      return "warn";
    case GST_LEVEL_INFO:
      return "info";
    default:
      return "debug";
  }
}

// RFC 8259 section 7. Bytes that are not UTF-8 become question marks.
void append_quoted(std::string& out, std::string_view text) {
  gchar* valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
  out += '"';
  for (const char* c = valid; *c; ++c) {
    if (*c == '"' || *c == '\\') {
      out += '\\';
      out += *c;
    } else if (static_cast<unsigned char>(*c) < 0x20) {
      std::array<char, 8> escaped;
      snprintf(escaped.data(), escaped.size(), "\\u%04x", *c);
      out += escaped.data();
    } else {
      out += *c;
    }
  }
  out += '"';
  g_free(valid);
}

void print_json(GstDebugCategory* category, GstDebugLevel level, const gchar* file, const gchar*,
                gint line, GObject*, GstDebugMessage* message, gpointer) {
  if (level > gst_debug_category_get_threshold(category)) return;
  const std::string text = json_line(level, gst_debug_category_get_name(category), file, line,
                                     gst_debug_message_get(message), g_get_real_time()) +
                           "\n";
  fputs(text.c_str(), stderr);
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

void connect_category(LogCategory& category) {
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

}  // namespace

std::vector<Threshold> thresholds(const config::LoggingConfig& config,
                                  std::vector<std::string>& warnings) {
  std::vector<Threshold> result;
  const auto add = [&](const std::string& key, std::string category, const std::string& name) {
    if (const auto level = level_of(name)) {
      result.push_back({std::move(category), *level});
    } else {
      warnings.push_back(key + ": expected error, warn, info, debug or trace, not \"" + name +
                         "\"");
    }
  };
  add("logging.level", "sfu*", config.level);
  for (const auto& [component, level] : config.component_levels) {
    // By the name of a part of LiveKit's server or by that of a category of ours.
    const std::string category = component.starts_with("sfu") || component.starts_with("gst")
                                     ? component
                                     : "sfu-" + component;
    add("logging.component_levels." + component, category + "*", level);
  }
  return result;
}

std::string json_line(GstDebugLevel level, std::string_view logger, std::string_view file, int line,
                      std::string_view message, gint64 unix_micros) {
  std::string text = R"({"level":")" + std::string(name_of(level)) + R"(","ts":)";
  std::array<char, 32> seconds;
  snprintf(seconds.data(), seconds.size(), "%.6f", static_cast<double>(unix_micros) / 1e6);
  text += seconds.data();
  text += R"(,"logger":)";
  append_quoted(text, logger);
  text += R"(,"caller":)";
  append_quoted(text, std::string(file) + ":" + std::to_string(line));
  text += R"(,"msg":)";
  append_quoted(text, message);
  return text + "}";
}

std::string own_line(const config::LoggingConfig& config, GstDebugLevel level,
                     std::string_view text, gint64 unix_micros, std::string_view file, int line) {
  if (!config.json) return std::string(text);
  return json_line(level, "sfu-daemon", file, line, text, unix_micros);
}

void say(const config::LoggingConfig& config, GstDebugLevel level, std::string_view text,
         const char* file, int line) {
  const std::string all = own_line(config, level, text, g_get_real_time(), file, line) + "\n";
  fputs(all.c_str(), stderr);
}

std::vector<std::string> set_up(const config::LoggingConfig& config) {
  std::vector<std::string> warnings;
  if (!g_getenv("GST_DEBUG")) {
    gst_debug_set_default_threshold(config.level == "error" ? GST_LEVEL_ERROR : GST_LEVEL_WARNING);
    for (const Threshold& threshold : thresholds(config, warnings))
      gst_debug_set_threshold_for_name(threshold.category.c_str(), threshold.level);
  }
  if (config.json) {
    gst_debug_remove_log_function(gst_debug_log_default);
    gst_debug_add_log_function(print_json, nullptr, nullptr);
  }
  set_log_sink(log_to_gstreamer);
  for_each_log_category(connect_category);
  return warnings;
}

}  // namespace gstlk::logging
