// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace gstlk::transport {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

}  // namespace

SocketAddress::SocketAddress(ByteView ip, uint16_t port) {
  if (ip.size() == 16 && std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), ip.begin()))
    ip = ip.subspan(kMappedPrefix.size());
  if (ip.size() != 4 && ip.size() != 16) return;
  std::copy(ip.begin(), ip.end(), ip_.begin());
  port_ = port;
  family_ = ip.size() == 4 ? Family::Ipv4 : Family::Ipv6;
}

std::optional<SocketAddress> SocketAddress::from_host(std::string_view host, uint16_t port) {
  const std::string text(host);
  std::array<uint8_t, 16> ip;
  if (inet_pton(AF_INET, text.c_str(), ip.data()) == 1)
    return SocketAddress(ByteView(ip).first(4), port);
  if (inet_pton(AF_INET6, text.c_str(), ip.data()) == 1) return SocketAddress(ip, port);
  return std::nullopt;
}

std::optional<SocketAddress> SocketAddress::from_text(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<uint16_t> port = parse_port(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (!port || brackets != (host.find(':') != std::string_view::npos)) return std::nullopt;
  return from_host(host, *port);
}

SocketAddress SocketAddress::from_sockaddr(const sockaddr* address, socklen_t size) {
  if (size >= sizeof(sockaddr_in) && address->sa_family == AF_INET) {
    sockaddr_in in;
    memcpy(&in, address, sizeof in);
    const auto* ip = reinterpret_cast<const uint8_t*>(&in.sin_addr);
    return SocketAddress(ByteView(ip, 4), ntohs(in.sin_port));
  }
  if (size >= sizeof(sockaddr_in6) && address->sa_family == AF_INET6) {
    sockaddr_in6 in;
    memcpy(&in, address, sizeof in);
    return SocketAddress(ByteView(in.sin6_addr.s6_addr, 16), ntohs(in.sin6_port));
  }
  return {};
}

socklen_t SocketAddress::to_sockaddr(sockaddr_storage& out) const {
  if (family_ == Family::Ipv4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port_);
    memcpy(&in.sin_addr, ip_.data(), 4);
    memcpy(&out, &in, sizeof in);
    return sizeof in;
  }
  if (family_ == Family::Ipv6) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port_);
    memcpy(&in.sin6_addr, ip_.data(), 16);
    memcpy(&out, &in, sizeof in);
    return sizeof in;
  }
  return 0;
}

ByteView SocketAddress::ip() const {
  const size_t size = family_ == Family::Ipv4 ? 4 : family_ == Family::Ipv6 ? 16 : 0;
  return ByteView(ip_).first(size);
}

std::string SocketAddress::host() const {
  if (empty()) return {};
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(family_ == Family::Ipv4 ? AF_INET : AF_INET6, ip_.data(), text, sizeof text);
  return text;
}

std::string SocketAddress::to_text() const {
  if (empty()) return "none";
  const bool brackets = family_ == Family::Ipv6;
  return (brackets ? "[" : "") + host() + (brackets ? "]:" : ":") + std::to_string(port_);
}

size_t SocketAddress::hash() const {
  uint64_t halves[2];
  memcpy(halves, ip_.data(), sizeof halves);
  // Fibonacci hashing; ports of one host differ in few bits, so they are spread first.
  constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;
  uint64_t h = (halves[0] ^ (halves[1] * kGolden) ^ port_) * kGolden;
  h ^= h >> 32;
  return static_cast<size_t>(h * kGolden);
}

}  // namespace gstlk::transport
