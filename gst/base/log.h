// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdarg>
#include <cstdint>

namespace gstlk {

// ERROR: broken. WARNING: degraded. INFO: once per session event. DEBUG: per decision.
// TRACE: per packet.
enum class LogLevel : uint8_t { Error, Warning, Info, Debug, Trace };

// One per core folder ("sfu-rtp", "sfu-ice"); a static object. `threshold` is what the sink wants;
// everything above costs one comparison.
struct LogCategory {
  const char* name;
  LogLevel threshold = LogLevel::Warning;
  void* sink_data = nullptr;  // belongs to the sink
};

// Receives every message that passed its category's threshold. Called on any thread.
using LogSink = void (*)(LogCategory& category, LogLevel level, const char* file, int line,
                         const char* function, const char* format, va_list arguments);

// Cores log to stderr until an element or the daemon points them at GStreamer. Call before threads.
void set_log_sink(LogSink sink);

void log_message(LogCategory& category, LogLevel level, const char* file, int line,
                 const char* function, const char* format, ...)
    __attribute__((format(printf, 6, 7)));

// Makes `category` known so that a sink can set its threshold. Returns it.
LogCategory& register_log_category(LogCategory& category);
// Calls `visit` for every registered category.
void for_each_log_category(void (*visit)(LogCategory& category));

}  // namespace gstlk

#define GSTLK_LOG(category, level, ...)                                                 \
  do {                                                                                  \
    if (__builtin_expect((level) <= (category).threshold, 0))                           \
      ::gstlk::log_message(category, level, __FILE__, __LINE__, __func__, __VA_ARGS__); \
  } while (false)
#define LOG_ERROR(category, ...) GSTLK_LOG(category, ::gstlk::LogLevel::Error, __VA_ARGS__)
#define LOG_WARNING(category, ...) GSTLK_LOG(category, ::gstlk::LogLevel::Warning, __VA_ARGS__)
#define LOG_INFO(category, ...) GSTLK_LOG(category, ::gstlk::LogLevel::Info, __VA_ARGS__)
#define LOG_DEBUG(category, ...) GSTLK_LOG(category, ::gstlk::LogLevel::Debug, __VA_ARGS__)
#define LOG_TRACE(category, ...) GSTLK_LOG(category, ::gstlk::LogLevel::Trace, __VA_ARGS__)
