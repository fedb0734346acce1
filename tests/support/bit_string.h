// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace gstlk::test {

// Bits put together for a test: BitString().bits(5, 3).exp_golomb(7).bytes(). The last byte is
// filled with zeros.
class BitString {
 public:
  BitString& bits(uint64_t value, unsigned count) {
    for (; count > 0; --count, ++size_) {
      if (size_ % 8 == 0) bytes_.push_back(0);
      if (value >> (count - 1) & 1) bytes_.back() |= static_cast<uint8_t>(0x80 >> size_ % 8);
    }
    return *this;
  }
  BitString& exp_golomb(uint32_t value) {
    unsigned width = 0;
    for (uint64_t x = uint64_t{value} + 1; x > 1; x >>= 1) ++width;
    return bits(0, width).bits(uint64_t{value} + 1, width + 1);
  }
  BitString& non_symmetric(uint32_t n, uint32_t value) {
    unsigned width = 0;
    for (uint32_t x = n; x != 0; x >>= 1) ++width;
    const uint32_t short_codes = (1u << width) - n;
    if (value < short_codes) return bits(value, width - 1);
    return bits(value + short_codes, width);
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
  size_t size_ = 0;
};

}  // namespace gstlk::test
