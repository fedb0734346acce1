// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "transport/address.h"

namespace gstlk::sfu {

// What clients are told of a local address instead of itself, best first; nothing at all of one
// whose list is empty.
using AdvertisedAddresses = std::map<std::string, std::vector<std::string>>;

struct CandidateSettings {
  // Told instead of every local address of its family that is not loopback (1:1 NAT), unless
  // `instead` knows better.
  std::string node_ip;
  // Told beside the others, for each port; those of a family that is listened on.
  std::vector<std::string> additional_ips;
  AdvertisedAddresses instead;
};

// The host candidates of an ICE-lite server that listens at these addresses: values of a=candidate,
// "candidate:" included (RFC 8839 section 5.1), with the priorities of RFC 8445 section 5.1.2. UDP
// before TCP (passive, RFC 6544), IPv4 before IPv6 (a broken IPv6 is the commoner fault), loopback
// last.
std::vector<std::string> make_candidates(const std::vector<transport::SocketAddress>& udp,
                                         const std::vector<transport::SocketAddress>& tcp,
                                         const CandidateSettings& settings);

}  // namespace gstlk::sfu
