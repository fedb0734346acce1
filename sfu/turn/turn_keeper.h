// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "turn/turn_server.h"
#include "turn/turn_settings.h"

namespace gstlk::turn {

// The TurnServer of a daemon whose addresses may change: it is another one when its settings are
// others, stays when they are not, and one that cannot be started is tried again. Main thread only.
class TurnKeeper {
 public:
  // `on_change` is told what clients can be told from now on; null: there is no TURN server.
  TurnKeeper(std::string program, std::function<void(const TurnSettings*)> on_change,
             Duration first_pause = 5s);
  ~TurnKeeper();
  TurnKeeper(const TurnKeeper&) = delete;
  TurnKeeper& operator=(const TurnKeeper&) = delete;

  // The error is one line; it is not tried again.
  Result<void> start(const TurnSettings& settings);
  // A failure is a warning in the log.
  void change(const TurnSettings& settings);

  // See TurnServer.
  void reload_certificate();

 private:
  Result<void> run();
  void run_or_retry();

  const std::string program_;
  const std::function<void(const TurnSettings*)> on_change_;
  const Duration first_pause_;
  Duration pause_;
  TurnSettings wanted_;
  std::unique_ptr<TurnServer> server_;  // null: it could not be started
  guint timer_ = 0;
};

}  // namespace gstlk::turn
