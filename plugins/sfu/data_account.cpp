// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/data_account.h"

#include <algorithm>
#include <utility>

namespace gstlk::sfu {
namespace {

constexpr size_t kMaxLabels = 64;
constexpr size_t kMaxPosted = 8192;  // messages, of any size

}  // namespace

bool DataAccount::post(const std::string& label, size_t size) {
  const MutexLock lock(mutex_);
  if (entries_.size() >= kMaxLabels && !entries_.contains(label)) return false;
  Entry& entry = entries_[label];
  if (entry.total() + size > kMaxBuffered || entry.posted_messages >= kMaxPosted) return false;
  entry.posted += size;
  ++entry.posted_messages;
  if (entry.total() > kLow) {
    entry.was_high = true;
    watching_ = true;
  }
  return true;
}

size_t DataAccount::buffered(const std::string& label) const {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(label);
  return found == entries_.end() ? 0 : found->second.total();
}

void DataAccount::arrive(const std::string& label, size_t size, size_t waiting) {
  const MutexLock lock(mutex_);
  Entry& entry = entries_[label];
  entry.posted -= size;
  --entry.posted_messages;
  entry.waiting = waiting;
  if (waiting > 0) watching_ = true;
}

bool DataAccount::update(const std::string& label, size_t waiting) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(label);
  if (found == entries_.end()) return false;
  Entry& entry = found->second;
  entry.waiting = waiting;
  const bool is_low = entry.total() <= kLow && std::exchange(entry.was_high, entry.total() > kLow);
  watching_ = std::ranges::any_of(
      entries_, [](const auto& e) { return e.second.was_high || e.second.waiting > 0; });
  return is_low;
}

}  // namespace gstlk::sfu
