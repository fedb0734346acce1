// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <string>

#include "base/mutex.h"

namespace gstlk::sfu {

// How much of what a peer is sent on data channels waits here, by the channel's label: posted to
// the worker, or in the channel's queue. What SCTP has on its way does not count. Thread-safe.
class DataAccount {
 public:
  static constexpr size_t kMaxBuffered = 4 * 1024 * 1024;  // for each label
  static constexpr size_t kLow = 16 * 1024;

  // A message is about to be posted. False: too much waits.
  [[nodiscard]] bool post(const std::string& label, size_t size) EXCLUDES(mutex_);
  size_t buffered(const std::string& label) const EXCLUDES(mutex_);

  // The session's thread: a posted message has reached its channel, of which `waiting` bytes wait.
  void arrive(const std::string& label, size_t size, size_t waiting) EXCLUDES(mutex_);
  // Whether update() has anything to do.
  bool is_watching() const { return watching_.load(std::memory_order_acquire); }
  // True once after there was more than kLow, when there no longer is.
  [[nodiscard]] bool update(const std::string& label, size_t waiting) EXCLUDES(mutex_);

 private:
  struct Entry {
    size_t posted = 0;
    size_t posted_messages = 0;
    size_t waiting = 0;
    bool was_high = false;
    size_t total() const { return posted + waiting; }
  };

  mutable Mutex mutex_;
  std::map<std::string, Entry> entries_ GUARDED_BY(mutex_);
  std::atomic<bool> watching_{false};
};

}  // namespace gstlk::sfu
