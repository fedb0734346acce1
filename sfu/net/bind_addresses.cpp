// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/bind_addresses.h"

#include <algorithm>

#include "transport/address.h"

namespace gstlk::net {
namespace {

// However it is written: "::1" is "0:0::1".
std::string canonical(const std::string& address) {
  const auto parsed = transport::SocketAddress::from_host(address, 0);
  return parsed ? parsed->host() : address;
}

bool is_ipv6(const std::string& address) { return address.find(':') != std::string::npos; }

}  // namespace

bool covers(std::span<const std::string> bind, const std::string& address) {
  const std::string wanted = canonical(address);
  return bind.empty() || std::ranges::any_of(bind, [&](const std::string& text) {
           const std::string host = canonical(text);
           return host == wanted || host == "::" || (host == "0.0.0.0" && !is_ipv6(wanted));
         });
}

std::vector<std::string> addresses_left(std::span<const std::string> bind,
                                        std::span<const HostAddress> machine,
                                        std::span<const std::string> taken) {
  std::vector<std::string> left;
  for (const HostAddress& host : machine) {
    const bool again = std::ranges::count(left, host.address) != 0;
    if (!again && covers(bind, host.address) && std::ranges::count(taken, host.address) == 0)
      left.push_back(host.address);
  }
  return left;
}

}  // namespace gstlk::net
