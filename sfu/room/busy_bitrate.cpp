// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room/busy_bitrate.h"

namespace gstlk::room {
namespace {

constexpr Duration kWindow = 2s;
constexpr Duration kSlot = 100ms;

}  // namespace

void BusyBitrate::add(size_t written, size_t waiting, Timestamp now) {
  if (slots_.empty() || now - slots_.back().start >= kSlot) slots_.push_back({now});
  while (now - slots_.front().start > kWindow + kSlot) {
    bytes_ -= slots_.front().bytes;
    busy_ -= slots_.front().busy;
    slots_.pop_front();
  }
  // Between two calls a buffer only gets emptier: if something waits now, something always did.
  const Duration busy = last_ && waiting > 0 && now > *last_ ? now - *last_ : Duration{};
  const uint64_t drained = filled_ > waiting ? filled_ - waiting : 0;
  slots_.back().bytes += drained;
  slots_.back().busy += busy;
  bytes_ += drained;
  busy_ += busy;
  filled_ = waiting + written;
  last_ = now;
}

std::optional<uint64_t> BusyBitrate::rate() const {
  if (busy_ < kSlot) return std::nullopt;
  return bytes_ * 8 * 1'000'000 / static_cast<uint64_t>(busy_ / 1us);
}

}  // namespace gstlk::room
