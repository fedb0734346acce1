// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <type_traits>

namespace gstlk::rtp {

// Makes a counter that wraps (16-bit sequence numbers, 32-bit timestamps) one that does not: each
// value is taken to be the one nearest to the last. The first keeps its number. RFC 3550 A.1.
// Not thread-safe.
template <class T>
class Unwrapper {
 public:
  static_assert(std::is_unsigned_v<T>);

  int64_t unwrap(T value) {
    last_ = peek(value);
    started_ = true;
    return last_;
  }
  // What unwrap() would say, without remembering it.
  int64_t peek(T value) const {
    if (!started_) return value;
    const T forward = static_cast<T>(value - static_cast<T>(last_));
    return last_ + static_cast<std::make_signed_t<T>>(forward);
  }
  bool started() const { return started_; }
  void reset() { *this = {}; }

 private:
  int64_t last_ = 0;
  bool started_ = false;
};

using SequenceUnwrapper = Unwrapper<uint16_t>;
using TimestampUnwrapper = Unwrapper<uint32_t>;

}  // namespace gstlk::rtp
