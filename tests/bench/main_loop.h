// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

#include <functional>

#include "base/time.h"
#include "clock.h"

namespace gstlk::bench {

// Runs the default main context until `done` says so, which is asked at least every few
// milliseconds; false after `limit`.
inline bool run_until(const std::function<bool()>& done, Duration limit) {
  const auto tick = [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; };
  const guint timer = g_timeout_add(2, tick, nullptr);
  const Timestamp end = read_clock() + limit;
  bool ok = false;
  while (!(ok = done()) && read_clock() < end) g_main_context_iteration(nullptr, TRUE);
  g_source_remove(timer);
  return ok;
}

}  // namespace gstlk::bench
