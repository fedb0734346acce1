// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/prefetch.h"

namespace gstlk::forward {

// Sequence numbers of one stream with some packets left out: numbers close over what is dropped on
// purpose, while what was lost on the way here stays a hole, so that the receiver asks for it. A
// packet that comes late finds the number that was kept for it. Remembers the last `window` source
// numbers. Nothing is allocated after construction. Not thread-safe.
class SequenceMap {
 public:
  enum class Place : uint8_t {
    Ahead,   // newer than all before
    Hole,    // missing until now
    Done,    // seen already: forwarded or dropped
    TooOld,  // before the window, or before the last restart
  };

  // `window` is rounded up to a power of two.
  SequenceMap(size_t window, uint16_t first_out)
      : entries_(std::bit_ceil(window)), next_out_(first_out) {}

  // The source begins anew at `source`, which will get the number after the last one given out.
  void restart(int64_t source) {
    delta_ = static_cast<uint16_t>(source - next_out_);
    oldest_ = source;
    newest_ = source - 1;
  }

  Place place(int64_t source) const {
    if (source > newest_) return Place::Ahead;
    if (source < oldest_ || newest_ - source >= window()) return Place::TooOld;
    return entry(source).missing ? Place::Hole : Place::Done;
  }

  // The out number of `source`, which is Ahead; skipped source numbers become holes.
  uint16_t forward(int64_t source) {
    open_holes(source);
    entry(source) = {delta_, false};
    newest_ = source;
    const auto out = static_cast<uint16_t>(source - delta_);
    next_out_ = static_cast<uint16_t>(out + 1);
    return out;
  }
  // Leaves out `source`, which is Ahead.
  void drop(int64_t source) {
    open_holes(source);
    entry(source) = {delta_, false};
    newest_ = source;
    next_out_ = static_cast<uint16_t>(source - delta_);
    ++delta_;
  }
  // A number for a packet that has no source, before the first restart().
  uint16_t insert() { return next_out_++; }
  // The number kept for `source`, which is a Hole.
  uint16_t fill(int64_t source) {
    entry(source).missing = false;
    return static_cast<uint16_t>(source - entry(source).delta);
  }

  int64_t newest() const { return newest_; }
  // A packet comes soon.
  void prefetch_next() const { prefetch(&entry(newest_ + 1), sizeof(Entry)); }

 private:
  struct Entry {
    uint16_t delta = 0;
    bool missing = false;
  };

  int64_t window() const { return static_cast<int64_t>(entries_.size()); }
  Entry& entry(int64_t source) {
    return entries_[static_cast<uint64_t>(source) & (entries_.size() - 1)];
  }
  const Entry& entry(int64_t source) const {
    return entries_[static_cast<uint64_t>(source) & (entries_.size() - 1)];
  }
  void open_holes(int64_t until) {
    int64_t first = newest_ + 1;
    if (until - first > window()) first = until - window();
    for (int64_t source = first; source < until; ++source) entry(source) = {delta_, true};
  }

  std::vector<Entry> entries_;
  int64_t newest_ = INT64_MIN / 2;
  int64_t oldest_ = INT64_MIN / 2;
  uint16_t delta_ = 0;
  uint16_t next_out_;
};

}  // namespace gstlk::forward
