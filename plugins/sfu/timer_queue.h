// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cassert>
#include <cstddef>
#include <optional>
#include <vector>

#include "base/time.h"

namespace gstlk::sfu {

// The first moment from `time` on that all timers which round to `grid` share: what need not be
// exact falls together so.
constexpr Timestamp round_up(Timestamp time, Duration grid) {
  const Duration over = time.time_since_epoch() % grid;
  return over == 0us ? time : time + (grid - over);
}

// Something that wants to be called at a time: embedded in its owner, in at most one TimerQueue.
class Timer {
 public:
  virtual void on_timer(Timestamp now) = 0;
  bool scheduled() const { return index_ != kNowhere; }
  Timestamp deadline() const { return deadline_; }

 protected:
  ~Timer() = default;

 private:
  friend class TimerQueue;
  static constexpr size_t kNowhere = static_cast<size_t>(-1);
  Timestamp deadline_{};
  size_t index_ = kNowhere;
};

// A binary heap of timers that knows where each one stands, so that moving one costs O(log n) and
// no memory. Not thread-safe; each worker has one.
class TimerQueue {
 public:
  // Calls `timer` at `deadline`; moves it when it is scheduled already.
  void schedule(Timer& timer, Timestamp deadline) {
    if (!timer.scheduled()) {
      timer.index_ = heap_.size();
      heap_.push_back(&timer);
    }
    timer.deadline_ = deadline;
    sift_up(timer.index_);
    sift_down(timer.index_);
  }

  void cancel(Timer& timer) {
    if (!timer.scheduled()) return;
    const size_t index = timer.index_;
    Timer* last = heap_.back();
    heap_.pop_back();
    timer.index_ = Timer::kNowhere;
    if (last == &timer) return;
    place(*last, index);
    sift_up(index);
    sift_down(last->index_);
  }

  std::optional<Timestamp> next_deadline() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front()->deadline_;
  }

  // Calls every timer that is due at `now`. A timer may schedule itself and others.
  void run(Timestamp now) {
    while (!heap_.empty() && heap_.front()->deadline_ <= now) {
      Timer* timer = heap_.front();
      cancel(*timer);
      timer->on_timer(now);
    }
  }

 private:
  void place(Timer& timer, size_t index) {
    heap_[index] = &timer;
    timer.index_ = index;
  }

  void sift_up(size_t index) {
    Timer* timer = heap_[index];
    while (index > 0) {
      const size_t parent = (index - 1) / 2;
      if (heap_[parent]->deadline_ <= timer->deadline_) break;
      place(*heap_[parent], index);
      index = parent;
    }
    place(*timer, index);
  }

  void sift_down(size_t index) {
    Timer* timer = heap_[index];
    for (;;) {
      size_t child = 2 * index + 1;
      if (child >= heap_.size()) break;
      if (child + 1 < heap_.size() && heap_[child + 1]->deadline_ < heap_[child]->deadline_)
        ++child;
      if (timer->deadline_ <= heap_[child]->deadline_) break;
      place(*heap_[child], index);
      index = child;
    }
    place(*timer, index);
  }

  std::vector<Timer*> heap_;
};

}  // namespace gstlk::sfu
