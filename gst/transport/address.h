// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace gstlk::transport {

enum class Protocol : uint8_t { Udp, Tcp };

// An IP address and port as a value. An IPv4-mapped IPv6 address becomes plain IPv4, so that one
// peer is one key; IPv6 sockets are therefore expected to be IPV6_V6ONLY. Scope ids are left out:
// link-local candidates are not used.
class SocketAddress {
 public:
  enum class Family : uint8_t { None, Ipv4, Ipv6 };

  constexpr SocketAddress() = default;
  // `ip` has 4 or 16 bytes; anything else gives the empty address.
  SocketAddress(ByteView ip, uint16_t port);
  // "192.0.2.1" or "2001:db8::1", without brackets.
  static std::optional<SocketAddress> from_host(std::string_view host, uint16_t port);
  // "192.0.2.1:7882" or "[2001:db8::1]:7882".
  static std::optional<SocketAddress> from_text(std::string_view text);
  // The empty address for families other than AF_INET and AF_INET6.
  static SocketAddress from_sockaddr(const sockaddr* address, socklen_t size);

  // Fills `out` and returns how much of it is used; 0 for the empty address.
  socklen_t to_sockaddr(sockaddr_storage& out) const;
  std::string host() const;
  std::string to_text() const;

  Family family() const { return family_; }
  bool empty() const { return family_ == Family::None; }
  // 4 or 16 bytes, network order.
  ByteView ip() const;
  uint16_t port() const { return port_; }
  size_t hash() const;

  auto operator<=>(const SocketAddress&) const = default;

 private:
  std::array<uint8_t, 16> ip_{};
  uint16_t port_ = 0;
  Family family_ = Family::None;
};

// The two ends of a path and what runs between them.
struct AddressPair {
  SocketAddress remote;
  SocketAddress local;
  Protocol protocol = Protocol::Udp;

  auto operator<=>(const AddressPair&) const = default;
};

}  // namespace gstlk::transport

template <>
struct std::hash<gstlk::transport::SocketAddress> {
  size_t operator()(const gstlk::transport::SocketAddress& address) const { return address.hash(); }
};
