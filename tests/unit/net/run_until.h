// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

#include <functional>

namespace gstlk::net {

// Turns the main loop until `done`; nothing here waits longer than a few milliseconds.
template <class Condition>
bool run_until(Condition done) {
  const gint64 deadline = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
  const guint wake = g_timeout_add(
      20, [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }, nullptr);
  while (!done() && g_get_monotonic_time() < deadline) g_main_context_iteration(nullptr, TRUE);
  g_source_remove(wake);
  return done();
}

inline void turn_for(gint64 milliseconds) {
  const gint64 end = g_get_monotonic_time() + 1000 * milliseconds;
  run_until([&] { return g_get_monotonic_time() >= end; });
}

inline double seconds_of(const std::function<void()>& what) {
  const gint64 start = g_get_monotonic_time();
  what();
  return static_cast<double>(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
}

}  // namespace gstlk::net
