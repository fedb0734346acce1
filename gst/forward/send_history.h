// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/prefetch.h"
#include "base/time.h"
#include "forward/rewrite.h"

namespace gstlk::forward {

// What one subscriber was sent lately: for each sequence number the source packet and how it was
// rewritten, 20 bytes each. The packets themselves are in a PacketRing that all subscribers share.
// Nothing is allocated after construction. Not thread-safe.
class SendHistory {
 public:
  struct Sent {
    uint8_t encoding = 0;
    uint32_t source_sequence = 0;  // the low bits
    Rewrite rewrite;
  };

  // Keeps `capacity` packets, rounded up to a power of two.
  explicit SendHistory(size_t capacity) : entries_(std::bit_ceil(capacity)) {}

  void add(uint8_t encoding, int64_t source_sequence, const Rewrite& rewrite, Timestamp now);
  // What was sent as `sequence`. nullopt: forgotten or never, sent less than `interval` ago, or
  // sent again kMaxResends times. A result counts as sent again `now`.
  std::optional<Sent> resend(uint16_t sequence, Duration interval, Timestamp now);

  // A burst of packets comes soon.
  void prefetch_next() const { prefetch(&entries_[newest_ & (entries_.size() - 1)], kBurst); }

  // On a link that loses every tenth packet one in ten million is lost that often.
  static constexpr uint8_t kMaxResends = 7;

 private:
  enum class Change : uint8_t { Unused, None, Head, Descriptor };
  struct Entry {
    uint32_t source_sequence = 0;
    uint32_t timestamp = 0;
    uint16_t sequence = 0;
    uint16_t sent_ms = 0;  // wraps after 65 s, when a packet is long forgotten or was still
    uint8_t marker : 1 = 0;
    uint8_t encoding : 2 = 0;
    uint8_t resends : 3 = 0;
    uint8_t change : 2 = static_cast<uint8_t>(Change::Unused);
    uint8_t sizes = 0;                 // of the head: replaced << 4 | written; else decode targets
    std::array<uint8_t, 6> changed{};  // the head, or frame number and active decode targets
  };
  static_assert(sizeof(Entry) == 20);

  static uint16_t to_ms(Timestamp time) {
    return static_cast<uint16_t>(time.time_since_epoch().count() / 1000);
  }
  Entry& entry(uint16_t sequence) { return entries_[sequence & (entries_.size() - 1)]; }

  static constexpr size_t kBurst = 8 * sizeof(Entry);

  std::vector<Entry> entries_;
  uint16_t newest_ = 0;
};

}  // namespace gstlk::forward
