// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <initializer_list>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "rtp/header_extension.h"

namespace gstlk::test {

// Builds an RTP packet for a test: rtp_packet().ssrc(kVideo).seq(7).marker().payload({1,
// 2}).bytes(). Starts as version 2, payload type 96, ssrc 1, all else zero and empty.
class RtpPacketBuilder {
 public:
  RtpPacketBuilder& ssrc(Ssrc ssrc) {
    ssrc_ = ssrc;
    return *this;
  }
  RtpPacketBuilder& payload_type(uint8_t type) {
    payload_type_ = type;
    return *this;
  }
  RtpPacketBuilder& seq(uint16_t sequence_number) {
    sequence_number_ = sequence_number;
    return *this;
  }
  RtpPacketBuilder& timestamp(uint32_t timestamp) {
    timestamp_ = timestamp;
    return *this;
  }
  RtpPacketBuilder& marker(bool marker = true) {
    marker_ = marker;
    return *this;
  }
  RtpPacketBuilder& csrc(Ssrc csrc) {
    csrcs_.push_back(csrc);
    return *this;
  }
  RtpPacketBuilder& payload(Bytes payload) {
    payload_ = std::move(payload);
    return *this;
  }
  // That many bytes that count upwards from `first`.
  RtpPacketBuilder& payload_size(size_t size, uint8_t first = 0) {
    payload_.resize(size);
    for (uint8_t& byte : payload_) byte = first++;
    return *this;
  }
  // Including the count itself.
  RtpPacketBuilder& padding(uint8_t size) {
    padding_ = size;
    return *this;
  }
  RtpPacketBuilder& extension(uint8_t id, ByteView data) {
    two_byte_ = two_byte_ || rtp::ExtensionWriter::needs_two_byte(id, data.size());
    extensions_.push_back({id, Bytes(data.begin(), data.end())});
    return *this;
  }
  RtpPacketBuilder& extension(uint8_t id, std::string_view text) {
    return extension(id, as_bytes(text));
  }
  RtpPacketBuilder& extension(uint8_t id, uint16_t number) {
    uint8_t data[2];
    store_u16(data, number);
    return extension(id, ByteView(data));
  }
  RtpPacketBuilder& two_byte_extensions() {
    two_byte_ = true;
    return *this;
  }

  Bytes bytes() const {
    Bytes out;
    ByteWriter writer(out);
    const Bytes block = extension_block();
    writer.u8(static_cast<uint8_t>(0x80 | (padding_ ? 0x20 : 0) | (block.empty() ? 0 : 0x10) |
                                   csrcs_.size()));
    writer.u8(static_cast<uint8_t>((marker_ ? 0x80 : 0) | payload_type_));
    writer.u16(sequence_number_);
    writer.u32(timestamp_);
    writer.u32(ssrc_.value);
    for (Ssrc csrc : csrcs_) writer.u32(csrc.value);
    writer.bytes(block);
    writer.bytes(payload_);
    if (padding_ > 0) {
      writer.zeros(padding_ - 1u);
      writer.u8(padding_);
    }
    return out;
  }

 private:
  struct Element {
    uint8_t id;
    Bytes data;
  };

  Bytes extension_block() const {
    if (extensions_.empty()) return {};
    Bytes block(4);
    for (const Element& element : extensions_) block.resize(block.size() + 2 + element.data.size());
    block.resize(block.size() + 3);
    rtp::ExtensionWriter writer(block, two_byte_);
    for (const Element& element : extensions_) writer.add(element.id, element.data);
    block.resize(writer.finish());
    return block;
  }

  Ssrc ssrc_{1};
  uint8_t payload_type_ = 96;
  uint16_t sequence_number_ = 0;
  uint32_t timestamp_ = 0;
  bool marker_ = false;
  bool two_byte_ = false;
  uint8_t padding_ = 0;
  std::vector<Ssrc> csrcs_;
  std::vector<Element> extensions_;
  Bytes payload_;
};

inline RtpPacketBuilder rtp_packet() { return {}; }

}  // namespace gstlk::test
