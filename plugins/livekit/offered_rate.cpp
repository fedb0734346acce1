// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/offered_rate.h"

#include <chrono>

namespace gstlk::client {

namespace {

constexpr Duration kShortest = 400ms;
constexpr double kWeight = 0.25;

}  // namespace

void OfferedRate::update(uint64_t bytes, Timestamp now) {
  const Duration passed = last_ ? now - *last_ : Duration(0);
  if (last_ && passed < kShortest) return;
  if (last_) {
    const double newest = static_cast<double>(bytes - last_bytes_) * 8 /
                          std::chrono::duration<double>(passed).count();
    const double before = rate_ ? static_cast<double>(rate_->bps) : newest;
    rate_ = Bitrate{static_cast<uint64_t>(before + kWeight * (newest - before))};
  }
  last_ = now;
  last_bytes_ = bytes;
}

}  // namespace gstlk::client
