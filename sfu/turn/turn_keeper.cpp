// SPDX-License-Identifier: LGPL-2.1-or-later
#include "turn/turn_keeper.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "turn/log.h"

namespace gstlk::turn {
namespace {

constexpr Duration kLongestPause = 60s;

}  // namespace

TurnKeeper::TurnKeeper(std::string program, std::function<void(const TurnSettings*)> on_change,
                       Duration first_pause)
    : program_(std::move(program)),
      on_change_(std::move(on_change)),
      first_pause_(first_pause),
      pause_(first_pause) {}

TurnKeeper::~TurnKeeper() {
  if (timer_ != 0) g_source_remove(timer_);
}

Result<void> TurnKeeper::start(const TurnSettings& settings) {
  wanted_ = settings;
  return run();
}

void TurnKeeper::change(const TurnSettings& settings) {
  if (server_ && settings == wanted_) return;
  wanted_ = settings;
  pause_ = first_pause_;
  if (timer_ != 0) g_source_remove(std::exchange(timer_, 0));
  run_or_retry();
}

// The old one goes first: they have the same ports.
Result<void> TurnKeeper::run() {
  server_.reset();
  TurnSettings settings = wanted_;
  Result<void> free = check_ports(settings);
  if (free) {
    auto started = TurnServer::start(program_, settings);
    if (started) {
      server_ = std::move(*started);
      on_change_(&settings);
      return {};
    }
    free = Unexpected<Error>{started.error()};
  }
  on_change_(nullptr);
  return free;
}

void TurnKeeper::run_or_retry() {
  const Result<void> running = run();
  if (running) {
    pause_ = first_pause_;
    return;
  }
  LOG_WARNING(log_turn, "%s; there is no TURN server until that is so, which is tried again",
              running.error().message.c_str());
  timer_ = g_timeout_add(
      static_cast<guint>(pause_ / 1ms),
      [](gpointer data) -> gboolean {
        auto& self = *static_cast<TurnKeeper*>(data);
        self.timer_ = 0;
        self.run_or_retry();
        return G_SOURCE_REMOVE;
      },
      this);
  pause_ = std::min(2 * pause_, kLongestPause);
}

void TurnKeeper::reload_certificate() {
  if (server_) server_->reload_certificate();
}

}  // namespace gstlk::turn
