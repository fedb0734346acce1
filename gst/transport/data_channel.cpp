// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/data_channel.h"

namespace gstlk::transport {
namespace {

constexpr uint8_t kAck = 0x02;
constexpr uint8_t kOpen = 0x03;

// Channel types, RFC 8832 section 5.1; the high bit is unordered.
constexpr uint8_t kReliable = 0x00;
constexpr uint8_t kRetransmits = 0x01;
constexpr uint8_t kTimed = 0x02;
constexpr uint8_t kUnordered = 0x80;

// RFC 8832 section 8.2.2 asks for "normal" in RTCWEB's terms; nothing here schedules by it.
constexpr uint16_t kPriority = 256;
constexpr size_t kMaxText = 0xffff;

std::optional<DataChannelConfig> parse_open(ByteReader& reader) {
  DataChannelConfig config;
  const uint8_t type = reader.u8();
  reader.skip(2);
  const uint32_t reliability = reader.u32();
  const uint16_t label_size = reader.u16();
  const uint16_t protocol_size = reader.u16();
  config.label = as_text(reader.bytes(label_size));
  config.protocol = as_text(reader.bytes(protocol_size));
  if (!reader.ok()) return std::nullopt;
  config.ordered = !(type & kUnordered);
  switch (type & ~kUnordered) {
    case kReliable:
      return config;
    case kRetransmits:
      config.max_retransmits = reliability;
      return config;
    case kTimed:
      config.max_lifetime_ms = reliability;
      return config;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<DcepMessage> parse_dcep(ByteView bytes) {
  ByteReader reader(bytes);
  const uint8_t type = reader.u8();
  if (!reader.ok()) return std::nullopt;
  if (type == kAck) return DcepAck{};
  if (type != kOpen) return std::nullopt;
  std::optional<DataChannelConfig> config = parse_open(reader);
  if (!config) return std::nullopt;
  return *std::move(config);
}

Bytes build_dcep_open(const DataChannelConfig& config) {
  uint8_t type = kReliable;
  if (config.max_retransmits) type = kRetransmits;
  if (config.max_lifetime_ms) type = kTimed;
  const std::string_view label = std::string_view(config.label).substr(0, kMaxText);
  const std::string_view protocol = std::string_view(config.protocol).substr(0, kMaxText);
  Bytes out;
  ByteWriter writer(out);
  writer.u8(kOpen);
  writer.u8(config.ordered ? type : type | kUnordered);
  writer.u16(kPriority);
  writer.u32(config.max_lifetime_ms.value_or(config.max_retransmits.value_or(0)));
  writer.u16(static_cast<uint16_t>(label.size()));
  writer.u16(static_cast<uint16_t>(protocol.size()));
  writer.bytes(as_bytes(label));
  writer.bytes(as_bytes(protocol));
  return out;
}

Bytes build_dcep_ack() { return {kAck}; }

}  // namespace gstlk::transport
