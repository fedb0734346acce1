// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "room/timers.h"

namespace gstlk::room {

// Time that stands still until a test advances it, and then visits every timer in order.
class FakeTimers : public Timers {
 public:
  Timestamp now() const override { return now_; }
  int64_t unix_micros() const override {
    return 1'700'000'000'000'000 + now_.time_since_epoch().count();
  }
  std::unique_ptr<Timer> call_later(Duration delay, std::function<void()> callback) override {
    const Key key{now_ + delay, next_++};
    pending_[key] = std::move(callback);
    return std::make_unique<Pending>(*this, key);
  }

  void advance(Duration duration) {
    const Timestamp end = now_ + duration;
    while (!pending_.empty() && pending_.begin()->first.first <= end) {
      now_ = pending_.begin()->first.first;
      const auto callback = std::move(pending_.begin()->second);
      pending_.erase(pending_.begin());
      callback();
    }
    now_ = end;
  }

 private:
  using Key = std::pair<Timestamp, uint64_t>;
  class Pending : public Timer {
   public:
    Pending(FakeTimers& timers, Key key) : timers_(timers), key_(key) {}
    ~Pending() override { timers_.pending_.erase(key_); }

   private:
    FakeTimers& timers_;
    const Key key_;
  };

  Timestamp now_{1s};
  uint64_t next_ = 0;
  std::map<Key, std::function<void()>> pending_;
};

// Bytes that only have to differ.
inline void counting_random(std::span<uint8_t> out) {
  static uint32_t state = 1;
  for (uint8_t& byte : out) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<uint8_t>(state >> 24);
  }
}

}  // namespace gstlk::room
