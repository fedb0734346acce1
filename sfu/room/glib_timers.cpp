// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/glib_timers.h"

#include <glib.h>

#include <utility>

namespace gstlk::room {
namespace {

class GlibTimer : public Timer {
 public:
  GlibTimer(Duration delay, std::function<void()> callback) : callback_(std::move(callback)) {
    // Rounded up: a timer that is early makes its owner wait again.
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(delay).count();
    id_ = g_timeout_add(static_cast<guint>(milliseconds), on_due, this);
  }
  ~GlibTimer() override {
    if (id_ != 0) g_source_remove(id_);
  }

 private:
  static gboolean on_due(gpointer self) {
    auto* timer = static_cast<GlibTimer*>(self);
    timer->id_ = 0;
    // The callback may destroy its timer.
    const auto callback = std::move(timer->callback_);
    callback();
    return G_SOURCE_REMOVE;
  }

  std::function<void()> callback_;
  guint id_ = 0;
};

}  // namespace

Timestamp GlibTimers::now() const { return Timestamp(Duration(g_get_monotonic_time())); }

int64_t GlibTimers::unix_micros() const { return g_get_real_time(); }

std::unique_ptr<Timer> GlibTimers::call_later(Duration delay, std::function<void()> callback) {
  return std::make_unique<GlibTimer>(delay, std::move(callback));
}

}  // namespace gstlk::room
