// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "transport/address.h"
#include "transport/hmac_sha1.h"

namespace gstlk::transport {

// RFC 8489 section 18.2 and RFC 8445 section 16.1, as far as ICE uses them.
enum class StunAttribute : uint16_t {
  Username = 0x0006,
  MessageIntegrity = 0x0008,
  ErrorCode = 0x0009,
  UnknownAttributes = 0x000a,
  XorMappedAddress = 0x0020,
  Priority = 0x0024,
  UseCandidate = 0x0025,
  Fingerprint = 0x8028,
  IceControlled = 0x8029,
  IceControlling = 0x802a,
};

enum class StunClass : uint8_t { Request, Indication, Success, Error };

using TransactionId = std::array<uint8_t, 12>;

// A STUN message with the attributes of an ICE check, parsed without copying: the views point into
// the datagram. RFC 8489 section 5, ICE attributes RFC 8445 section 7.1. Attributes behind
// MESSAGE-INTEGRITY other than FINGERPRINT are ignored, as section 14.5 of RFC 8489 demands.
// Only the Binding method is known. MESSAGE-INTEGRITY-SHA256 is left out: no ICE agent sends it.
// A value; not thread-safe.
struct StunMessage {
  // Checks lengths and, where there is a FINGERPRINT, its value.
  static std::optional<StunMessage> parse(ByteView datagram);

  // True when MESSAGE-INTEGRITY is present and made with the password of `key`.
  bool verify(const HmacSha1& key) const;

  ByteView datagram;
  StunClass message_class = StunClass::Request;
  TransactionId transaction{};
  std::string_view username;
  std::optional<uint32_t> priority;
  std::optional<uint64_t> controlling;  // tie-breakers
  std::optional<uint64_t> controlled;
  std::optional<SocketAddress> mapped_address;
  std::optional<uint16_t> error_code;
  bool use_candidate = false;
  bool has_fingerprint = false;
  // The first comprehension-required attribute that is not known; asks for error 420.
  std::optional<uint16_t> unknown_attribute;
  // Where MESSAGE-INTEGRITY starts; 0 when there is none.
  size_t integrity_offset = 0;
};

// The ufrag of the agent a check is meant for, the part of USERNAME before the colon; empty when
// `datagram` is not a check. Cheap: for choosing the transport before anything is verified.
std::string_view stun_local_ufrag(ByteView datagram);

// Writes one STUN message into memory of the caller, without allocation. What does not fit makes
// finish() return 0.
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  |0 0|     STUN Message Type     |         Message Length        |
//  |                         Magic Cookie                          |
//  |                     Transaction ID (96 bits)                  |
//
// Not thread-safe.
class StunBuilder {
 public:
  StunBuilder(std::span<uint8_t> out, StunClass message_class, const TransactionId& transaction);

  StunBuilder& username(std::string_view value);
  StunBuilder& priority(uint32_t value);
  StunBuilder& use_candidate();
  StunBuilder& controlling(uint64_t tie_breaker);
  StunBuilder& controlled(uint64_t tie_breaker);
  StunBuilder& xor_mapped_address(const SocketAddress& address);
  StunBuilder& error_code(uint16_t code, std::string_view reason);
  StunBuilder& unknown_attribute(uint16_t type);
  StunBuilder& integrity(const HmacSha1& key);
  // Appends FINGERPRINT and returns the size of the message.
  [[nodiscard]] size_t finish();

 private:
  // Room for a value of `size` bytes, padded; nullptr when it does not fit.
  uint8_t* add(StunAttribute type, size_t size);
  void set_length(size_t size_of_message);

  std::span<uint8_t> out_;
  size_t size_ = 0;
  bool ok_ = true;
};

}  // namespace gstlk::transport
