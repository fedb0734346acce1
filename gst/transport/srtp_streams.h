// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gstlk::transport {

// Which of the last 128 packet indices were received. RFC 3711 section 3.3.2.
class ReplayWindow {
 public:
  static constexpr uint64_t kSize = 128;

  // True when `index` was seen, or is too old to know.
  bool seen(uint64_t index) const;
  void add(uint64_t index);
  bool empty() const { return empty_; }
  // The highest index added.
  uint64_t highest() const { return highest_; }

  // The 48-bit packet index that `sequence` most likely stands for. RFC 3711 section 3.3.1.
  uint64_t guess_index(uint16_t sequence) const;

 private:
  uint64_t highest_ = 0;
  std::array<uint64_t, 2> received_{};  // bit i: highest_ - i
  bool empty_ = true;
};

// The windows of the SSRCs of one session. Grows from a few to 256; then the one that was quiet for
// longest makes room. Not thread-safe.
class SrtpStreamTable {
 public:
  static constexpr size_t kMaxStreams = 256;

  // nullptr when `ssrc` is new.
  const ReplayWindow* find(uint32_t ssrc) const;
  // Notes an authentic packet.
  void add(uint32_t ssrc, uint64_t index);
  size_t size() const { return streams_.size(); }

 private:
  struct Stream {
    uint32_t ssrc;
    uint64_t last_used;
    ReplayWindow window;
  };
  static constexpr uint16_t kEmpty = 0xffff;

  // The slot of `ssrc`, or the empty one where it belongs.
  size_t slot_of(uint32_t ssrc) const;
  Stream& insert(uint32_t ssrc);
  void rebuild(size_t slots);

  std::vector<Stream> streams_;
  std::vector<uint16_t> slots_;  // indices into streams_, open addressing, power of two
  uint64_t uses_ = 0;
};

}  // namespace gstlk::transport
