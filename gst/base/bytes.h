// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace gstlk {

using Bytes = std::vector<uint8_t>;
using ByteView = std::span<const uint8_t>;

// Big-endian loads and stores at a place the caller has bounds-checked.
inline uint16_t load_u16(const uint8_t* p) { return static_cast<uint16_t>(p[0] << 8 | p[1]); }
inline uint32_t load_u24(const uint8_t* p) {
  return static_cast<uint32_t>(p[0]) << 16 | static_cast<uint32_t>(p[1]) << 8 | p[2];
}
inline uint32_t load_u32(const uint8_t* p) {
  return static_cast<uint32_t>(p[0]) << 24 | static_cast<uint32_t>(p[1]) << 16 |
         static_cast<uint32_t>(p[2]) << 8 | p[3];
}
inline uint64_t load_u64(const uint8_t* p) {
  return static_cast<uint64_t>(load_u32(p)) << 32 | load_u32(p + 4);
}
inline void store_u16(uint8_t* p, uint16_t v) {
  p[0] = static_cast<uint8_t>(v >> 8);
  p[1] = static_cast<uint8_t>(v);
}
inline void store_u24(uint8_t* p, uint32_t v) {
  p[0] = static_cast<uint8_t>(v >> 16);
  p[1] = static_cast<uint8_t>(v >> 8);
  p[2] = static_cast<uint8_t>(v);
}
inline void store_u32(uint8_t* p, uint32_t v) {
  store_u16(p, static_cast<uint16_t>(v >> 16));
  store_u16(p + 2, static_cast<uint16_t>(v));
}
inline void store_u64(uint8_t* p, uint64_t v) {
  store_u32(p, static_cast<uint32_t>(v >> 32));
  store_u32(p + 4, static_cast<uint32_t>(v));
}

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Reads network byte order and cannot run past the end: a read that would gives zero (or an empty
// view) and makes ok() false for good, so a parser reads a whole structure and asks once.
// Not thread-safe.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  size_t remaining() const { return bytes_.size() - position_; }
  size_t position() const { return position_; }
  ByteView rest() const { return bytes_.subspan(position_); }

  uint8_t u8() { return take(1) ? bytes_[position_ - 1] : uint8_t{0}; }
  uint16_t u16() { return take(2) ? load_u16(&bytes_[position_ - 2]) : uint16_t{0}; }
  uint32_t u24() { return take(3) ? load_u24(&bytes_[position_ - 3]) : 0; }
  uint32_t u32() { return take(4) ? load_u32(&bytes_[position_ - 4]) : 0; }
  uint64_t u64() { return take(8) ? load_u64(&bytes_[position_ - 8]) : 0; }
  ByteView bytes(size_t count) {
    return take(count) ? bytes_.subspan(position_ - count, count) : ByteView{};
  }
  void skip(size_t count) { take(count); }

 private:
  bool take(size_t count) {
    if (!ok_ || count > remaining()) {
      ok_ = false;
      return false;
    }
    position_ += count;
    return true;
  }

  ByteView bytes_;
  size_t position_ = 0;
  bool ok_ = true;
};

// Appends network byte order to a vector.
// Not thread-safe.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  size_t size() const { return out_.size(); }
  void u8(uint8_t v) { out_.push_back(v); }
  void u16(uint16_t v) { store_u16(grow(2), v); }
  void u24(uint32_t v) { store_u24(grow(3), v); }
  void u32(uint32_t v) { store_u32(grow(4), v); }
  void u64(uint64_t v) { store_u64(grow(8), v); }
  void bytes(ByteView v) { out_.insert(out_.end(), v.begin(), v.end()); }
  void zeros(size_t count) { out_.resize(out_.size() + count); }
  // Overwrites two bytes written before, for lengths known only at the end.
  void patch_u16(size_t at, uint16_t v) { store_u16(out_.data() + at, v); }

 private:
  uint8_t* grow(size_t count) {
    out_.resize(out_.size() + count);
    return out_.data() + out_.size() - count;
  }

  Bytes& out_;
};

}  // namespace gstlk
