// SPDX-License-Identifier: LGPL-2.1-or-later
#include "forward/stream_tracker.h"

namespace gstlk::forward {

namespace {

constexpr Duration kProbation = 1s;

}  // namespace

void StreamTracker::handle_packet(Timestamp now) {
  const bool stopped = !seen_ || now - last_ > stop_after_;
  if (trusted_)
    alive_since_ = now;
  else if (stopped)
    alive_since_ = now + kProbation;
  trusted_ = false;
  seen_ = true;
  last_ = now;
}

bool StreamTracker::alive(Timestamp now) const {
  return seen_ && now - last_ <= stop_after_ && now >= alive_since_;
}

std::optional<Timestamp> StreamTracker::next_timeout(Timestamp now) const {
  if (!alive(now)) return std::nullopt;
  return last_ + stop_after_ + Duration(1);
}

}  // namespace gstlk::forward
