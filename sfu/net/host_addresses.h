// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace gstlk::net {

// An address of this machine. IPv6 link-local ones are left out: no client could name one.
struct HostAddress {
  std::string interface;  // "eth0"
  std::string address;    // "192.0.2.1", "2001:db8::1"
  bool loopback = false;
};

// Which addresses media may use: rtc.interfaces and rtc.ips. With includes only they count;
// excludes win over includes. Networks are "10.0.0.0/8"; a bare address is itself alone.
struct AddressFilter {
  std::vector<std::string> interface_includes;
  std::vector<std::string> interface_excludes;
  std::vector<std::string> ip_includes;
  std::vector<std::string> ip_excludes;
  bool loopback = false;  // whether loopback addresses count that nothing includes by name

  bool empty() const;
};

std::vector<HostAddress> list_host_addresses();

// Those of `addresses` that pass, each once. The error names a network that cannot be read, or says
// that nothing is left.
Result<std::vector<std::string>> choose_addresses(std::span<const HostAddress> addresses,
                                                  const AddressFilter& filter);

}  // namespace gstlk::net
