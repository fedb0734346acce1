// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/log.h"

#include <cstdio>
#include <vector>

#include "base/mutex.h"

namespace gstlk {
namespace {

void stderr_sink(LogCategory& category, LogLevel level, const char* file, int line, const char*,
                 const char* format, va_list arguments) {
  static constexpr const char* kNames[] = {"ERROR", "WARNING", "INFO", "DEBUG", "TRACE"};
  char text[1024];
  vsnprintf(text, sizeof text, format, arguments);
  fprintf(stderr, "%s %s %s:%d %s\n", kNames[static_cast<int>(level)], category.name, file, line,
          text);
}

LogSink current_sink = stderr_sink;

struct Categories {
  Mutex mutex;
  std::vector<LogCategory*> list GUARDED_BY(mutex);
};

Categories& categories() {
  static Categories instance;
  return instance;
}

}  // namespace

void set_log_sink(LogSink sink) { current_sink = sink; }

void log_message(LogCategory& category, LogLevel level, const char* file, int line,
                 const char* function, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  current_sink(category, level, file, line, function, format, arguments);
  va_end(arguments);
}

LogCategory& register_log_category(LogCategory& category) {
  MutexLock lock(categories().mutex);
  categories().list.push_back(&category);
  return category;
}

void for_each_log_category(void (*visit)(LogCategory& category)) {
  MutexLock lock(categories().mutex);
  for (LogCategory* category : categories().list) visit(*category);
}

}  // namespace gstlk
