// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"

namespace gstlk::rtp {

class ReceiveStream;

// Which stream an SSRC belongs to. A session has some dozens at most, mostly one at a time in long
// runs, so a flat list behind a one-entry memory is the fastest there is. SSRCs that another one
// has replaced are remembered, the last 64 of them, so that stragglers do not take their stream
// back. Not thread-safe.
class SsrcTable {
 public:
  enum class Role : uint8_t { Primary, Rtx, Stale };
  struct Entry {
    Ssrc ssrc;
    Role role = Role::Primary;
    ReceiveStream* stream = nullptr;  // lives in the session that owns this table; null when Stale
  };

  // Null when unknown. Good until the table changes.
  const Entry* find(Ssrc ssrc) {
    if (last_ < entries_.size() && entries_[last_].ssrc == ssrc) return &entries_[last_];
    return search(ssrc);
  }
  // Replaces what was known of `ssrc`.
  void bind(Ssrc ssrc, Role role, ReceiveStream& stream);
  void retire(Ssrc ssrc);
  void erase(Ssrc ssrc);
  void erase_stream(const ReceiveStream& stream);
  void forget_stale();

 private:
  const Entry* search(Ssrc ssrc);

  std::vector<Entry> entries_;
  size_t last_ = 0;
};

}  // namespace gstlk::rtp
