// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"

namespace gstlk::transport {

// A channel is known by its SCTP stream.
using ChannelId = uint16_t;

struct DataChannelConfig {
  std::string label;
  std::string protocol;
  bool ordered = true;
  // At most one of them; none is reliable.
  std::optional<uint32_t> max_retransmits;
  std::optional<uint32_t> max_lifetime_ms;

  bool operator==(const DataChannelConfig&) const = default;
};

// What SctpSession and Transport report.
struct DataChannelOpened {
  ChannelId id;
  DataChannelConfig config;
  bool by_peer;  // false: a channel of open_channel() that the peer acknowledged
};
struct DataChannelClosed {
  ChannelId id;
};
struct DataMessage {
  ChannelId id;
  Bytes bytes;
  bool binary;
};

// SCTP payload protocol identifiers, RFC 8831 section 8.
enum class DataPpid : uint32_t {
  Dcep = 50,
  String = 51,
  Binary = 53,
  EmptyString = 56,
  EmptyBinary = 57,
};

// The Data Channel Establishment Protocol, RFC 8832 section 5.
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  |  Message Type |  Channel Type |            Priority           |
//  |                    Reliability Parameter                      |
//  |         Label Length          |       Protocol Length         |
//  |                             Label                             |
//  |                            Protocol                           |
struct DcepAck {};
using DcepMessage = std::variant<DataChannelConfig, DcepAck>;

std::optional<DcepMessage> parse_dcep(ByteView bytes);
Bytes build_dcep_open(const DataChannelConfig& config);
Bytes build_dcep_ack();

}  // namespace gstlk::transport
