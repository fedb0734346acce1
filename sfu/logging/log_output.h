// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

// The daemon's log is GStreamer's: elements, cores and the daemon share its categories, and
// GST_DEBUG decides when it is set. Otherwise LiveKit's `logging` section does.
namespace gstlk::logging {

// What is wrong with the section comes back, one line each. Before anything else logs.
std::vector<std::string> set_up(const config::LoggingConfig& config);

// "room=debug": GStreamer's threshold for a category, by LiveKit's name of a level.
struct Threshold {
  std::string category;  // a pattern, "sfu-room*"
  GstDebugLevel level = GST_LEVEL_WARNING;
};
// Those of the section; a level that is none is left out and named in `warnings`.
std::vector<Threshold> thresholds(const config::LoggingConfig& config,
                                  std::vector<std::string>& warnings);

// One line of logging.json, without its end.
std::string json_line(GstDebugLevel level, std::string_view logger, std::string_view file, int line,
                      std::string_view message, gint64 unix_micros);

// What the daemon itself says, whatever the level of the log: plain, or with logging.json one of
// its lines. Without its end.
std::string own_line(const config::LoggingConfig& config, GstDebugLevel level,
                     std::string_view text, gint64 unix_micros, std::string_view file, int line);
// The same on stderr, now.
void say(const config::LoggingConfig& config, GstDebugLevel level, std::string_view text,
         const char* file = __builtin_FILE(), int line = __builtin_LINE());

}  // namespace gstlk::logging
