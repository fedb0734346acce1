// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/ids.h"

namespace gstlk::rtp {

constexpr size_t kFixedHeaderSize = 12;
constexpr size_t kMaxPacketSize = 65535;

// A checked look at one RTP packet. RFC 3550 section 5.1. It borrows the bytes: whoever holds them
// outlives the view. Cheap to make and to copy; parse() is all the validation there is, so every
// accessor is a load. Not in here: what the extension elements mean (header_extension.h).
class PacketView {
 public:
  PacketView() = default;

  // nullopt unless version, CSRC list, header extension and padding all fit into `bytes`.
  static std::optional<PacketView> parse(ByteView bytes);

  bool marker() const { return (bytes_[1] & 0x80) != 0; }
  PayloadType payload_type() const { return PayloadType(bytes_[1] & 0x7f); }
  uint16_t sequence_number() const { return load_u16(&bytes_[2]); }
  uint32_t timestamp() const { return load_u32(&bytes_[4]); }
  Ssrc ssrc() const { return Ssrc(load_u32(&bytes_[8])); }
  uint8_t csrc_count() const { return bytes_[0] & 0x0f; }
  Ssrc csrc(size_t index) const { return Ssrc(load_u32(&bytes_[kFixedHeaderSize + 4 * index])); }

  ByteView bytes() const { return bytes_; }
  // Fixed header, CSRCs and header extension.
  size_t header_size() const { return header_size_; }
  ByteView header() const { return bytes_.first(header_size_); }
  // Without padding.
  ByteView payload() const {
    return bytes_.subspan(header_size_, bytes_.size() - header_size_ - padding_size_);
  }
  size_t payload_size() const { return bytes_.size() - header_size_ - padding_size_; }
  size_t padding_size() const { return padding_size_; }

  bool has_extension() const { return (bytes_[0] & 0x10) != 0; }
  // "Defined by profile": 0xBEDE or 0x100x of RFC 8285; zero without an extension.
  uint16_t extension_profile() const { return extension_profile_; }
  // What follows the four bytes of profile and length; empty without an extension.
  ByteView extension() const {
    return bytes_.subspan(header_size_ - extension_size_, extension_size_);
  }

 private:
  ByteView bytes_;
  uint32_t header_size_ = 0;
  uint32_t extension_size_ = 0;
  uint16_t extension_profile_ = 0;
  uint8_t padding_size_ = 0;
};

}  // namespace gstlk::rtp
