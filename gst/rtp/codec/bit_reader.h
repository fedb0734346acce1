// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace gstlk::rtp {

// Reads bits, most significant first, and cannot run past the end: such a read gives zero and makes
// ok() false for good. Not thread-safe.
class BitReader {
 public:
  explicit BitReader(ByteView bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  size_t position() const { return position_; }  // in bits

  uint32_t bits(unsigned count) {  // up to 32
    if (!ok_ || count > bytes_.size() * 8 - position_) {
      ok_ = false;
      return 0;
    }
    uint64_t value = 0;
    for (; count > 0; --count, ++position_)
      value = value << 1 | (bytes_[position_ / 8] >> (7 - position_ % 8) & 1);
    return static_cast<uint32_t>(value);
  }
  bool flag() { return bits(1) != 0; }
  void skip(size_t count) {
    if (!ok_ || count > bytes_.size() * 8 - position_)
      ok_ = false;
    else
      position_ += count;
  }

  // ue(v) and se(v) of ITU-T H.264 section 9.1.
  uint32_t exp_golomb() {
    unsigned zeros = 0;
    while (ok_ && zeros < 32 && !flag()) ++zeros;
    if (zeros >= 32) ok_ = false;
    return ok_ ? (uint32_t{1} << zeros) - 1 + bits(zeros) : 0;
  }
  int32_t signed_exp_golomb() {
    const uint32_t code = exp_golomb();
    const auto magnitude = static_cast<int32_t>((code >> 1) + (code & 1));
    return code & 1 ? magnitude : -magnitude;
  }

  // ns(n) of the AV1 specification, section 4.10.7: a value below `n`.
  uint32_t non_symmetric(uint32_t n) {
    unsigned width = 0;
    for (uint32_t x = n; x != 0; x >>= 1) ++width;
    const uint32_t short_codes = (uint32_t{1} << width) - n;
    const uint32_t value = bits(width - 1);
    return value < short_codes ? value : (value << 1) - short_codes + bits(1);
  }

 private:
  ByteView bytes_;
  size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace gstlk::rtp
