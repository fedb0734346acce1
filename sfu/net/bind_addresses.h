// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include "net/host_addresses.h"

// What LiveKit's bind_addresses mean: none is every address, "0.0.0.0" every IPv4 address, "::"
// every one.
namespace gstlk::net {

bool covers(std::span<const std::string> bind, const std::string& address);

// What is left to listen on, on a port that somebody else has on the addresses `taken`: of this
// machine's addresses those that `bind` covers, each once.
std::vector<std::string> addresses_left(std::span<const std::string> bind,
                                        std::span<const HostAddress> machine,
                                        std::span<const std::string> taken);

}  // namespace gstlk::net
