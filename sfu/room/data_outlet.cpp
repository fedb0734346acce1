// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/data_outlet.h"

#include <utility>

namespace gstlk::room {

ReliableOutlet::Verdict ReliableOutlet::judge(size_t waiting, Timestamp now) {
  if (limits_.slow_threshold == 0 && limits_.max_buffered_amount > 0)
    return waiting > limits_.max_buffered_amount ? Verdict::Drop : Verdict::Send;
  if (waiting < kRoom) {
    is_full_ = false;
    return Verdict::Send;
  }
  bitrate_.add(0, waiting, now);
  if (!std::exchange(is_full_, true) || waiting < last_waiting_) progress_at_ = now;
  last_waiting_ = waiting;
  return is_slow(now) ? Verdict::Drop : Verdict::Wait;
}

bool ReliableOutlet::is_slow(Timestamp now) const {
  if (limits_.slow_threshold == 0) return now - progress_at_ >= kPatience;
  const auto rate = bitrate_.rate();
  return rate && *rate < limits_.slow_threshold;
}

void ReliableOutlet::on_sent(size_t size, size_t waiting, Timestamp now) {
  bitrate_.add(size, waiting, now);
  last_waiting_ = waiting + size;
}

bool LossyOutlet::admit(size_t size, size_t waiting, Timestamp now) {
  if (target_latency_ == Duration{}) return true;
  if (const auto rate = bitrate_.rate()) {
    const uint64_t limit = *rate / 8 * static_cast<uint64_t>(target_latency_ / 1us) / 1'000'000;
    if (waiting > limit && waiting > kMinimum) {
      bitrate_.add(0, waiting, now);
      return false;
    }
  }
  bitrate_.add(size, waiting, now);
  return true;
}

}  // namespace gstlk::room
