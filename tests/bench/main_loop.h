// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

#include <functional>

#include "base/time.h"
#include "clock.h"

namespace gstlk::bench {

// Runs the default main context until `done` says so, which is asked at least every `tick`; false
// after `limit`. A turn polls every connection, so a measurement wants a long tick.
inline bool run_until(const std::function<bool()>& done, Duration limit, Duration tick = 2ms) {
  const auto keep = [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; };
  const guint timer = g_timeout_add(static_cast<guint>(tick / 1ms), keep, nullptr);
  const Timestamp end = read_clock() + limit;
  bool ok = false;
  while (!(ok = done()) && read_clock() < end) g_main_context_iteration(nullptr, TRUE);
  g_source_remove(timer);
  return ok;
}

}  // namespace gstlk::bench
