// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace gstlk::forward {

// The last packets of one encoding, found by their unwrapped sequence number: what all down tracks
// on one worker answer NACKs from. `Handle` owns a packet (a buffer reference); a
// default-constructed one is none. Nothing is allocated after construction. Not thread-safe.
template <class Handle>
class PacketRing {
 public:
  // Keeps the last `capacity` sequence numbers, rounded up to a power of two.
  explicit PacketRing(size_t capacity) : slots_(std::bit_ceil(capacity)) {}

  size_t capacity() const { return slots_.size(); }

  void insert(int64_t sequence, Handle handle) {
    Slot& slot = at(sequence);
    if (slot.sequence > sequence) return;  // late, its place is taken by a newer one
    slot = {sequence, std::move(handle)};
  }

  // Null when it was never there or is gone.
  Handle* find(int64_t sequence) {
    Slot& slot = at(sequence);
    return slot.sequence == sequence ? &slot.handle : nullptr;
  }

  // Lets go of all packets.
  void clear() {
    for (Slot& slot : slots_) slot = Slot{};
  }

 private:
  struct Slot {
    int64_t sequence = INT64_MIN;
    Handle handle{};
  };

  Slot& at(int64_t sequence) {
    return slots_[static_cast<uint64_t>(sequence) & (slots_.size() - 1)];
  }

  std::vector<Slot> slots_;
};

}  // namespace gstlk::forward
