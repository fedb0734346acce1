// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "plugins/livekit/layout.h"

namespace gstlk::client {

// Who is shown as the one that speaks. Another one takes over only after it has spoken for a second
// and while the present one is silent, so that a cough or a word thrown in moves nothing. Screen
// shares do not speak. Not thread-safe.
class ActiveSpeaker {
 public:
  static constexpr Duration kTakeover = 1s;

  // The tile's id; empty when there is none to choose from.
  const std::string& update(std::span<const LayoutTile> tiles, Timestamp now);
  const std::string& current() const { return current_; }
  // When update() may have another answer although nothing else changes.
  std::optional<Timestamp> next_timeout() const { return next_timeout_; }

 private:
  std::string current_;
  std::optional<Timestamp> next_timeout_;
};

}  // namespace gstlk::client
