// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/candidates.h"

#include <gtest/gtest.h>

#include <sstream>

namespace gstlk::sfu {
namespace {

using Texts = std::vector<std::string>;
using transport::SocketAddress;

std::vector<SocketAddress> at(const Texts& hosts, uint16_t port = 7882) {
  std::vector<SocketAddress> out;
  for (const std::string& host : hosts) out.push_back(*SocketAddress::from_host(host, port));
  return out;
}

// "udp 192.0.2.1 7882" of each.
Texts brief(const Texts& candidates) {
  Texts out;
  for (const std::string& candidate : candidates) {
    std::istringstream words(candidate);
    std::string foundation, component, protocol, priority, address, port;
    words >> foundation >> component >> protocol >> priority >> address >> port;
    out.push_back(protocol + " " + address + " " + port);
  }
  return out;
}

Texts udp(const Texts& hosts, const CandidateSettings& settings) {
  return brief(make_candidates(at(hosts), {}, settings));
}

TEST(Candidates, AreWrittenAsRfc8839AndRfc6544Say) {
  EXPECT_EQ(make_candidates(at({"192.0.2.1"}), at({"192.0.2.1"}, 7881), {}),
            (Texts{"candidate:1 1 udp 2130706431 192.0.2.1 7882 typ host",
                   "candidate:2 1 tcp 1526726399 192.0.2.1 7881 typ host tcptype passive"}));
}

TEST(Candidates, Ipv4ComesBeforeIpv6AndLoopbackLast) {
  EXPECT_EQ(
      udp({"::1", "2001:db8::1", "127.0.0.1", "192.0.2.1"}, {}),
      (Texts{"udp 192.0.2.1 7882", "udp 2001:db8::1 7882", "udp 127.0.0.1 7882", "udp ::1 7882"}));
}

TEST(Candidates, OnlyALoopbackNodeIpStandsForLoopback) {
  EXPECT_EQ(udp({"127.0.0.1", "192.0.2.1"}, {.node_ip = "203.0.113.1"}),
            (Texts{"udp 203.0.113.1 7882", "udp 127.0.0.1 7882"}));
  EXPECT_EQ(udp({"127.0.0.1"}, {.node_ip = "127.0.0.2"}), (Texts{"udp 127.0.0.2 7882"}));
}

TEST(Candidates, PrioritiesFallAndFoundationsDiffer) {
  std::string last_foundation;
  uint32_t last = UINT32_MAX;
  for (const std::string& candidate :
       make_candidates(at({"192.0.2.1", "2001:db8::1"}), at({"192.0.2.1", "2001:db8::1"}), {})) {
    std::istringstream words(candidate);
    std::string foundation, component, protocol;
    uint32_t priority = 0;
    words >> foundation >> component >> protocol >> priority;
    EXPECT_LT(priority, last);
    EXPECT_NE(foundation, last_foundation);
    last = priority;
    last_foundation = foundation;
  }
}

TEST(Candidates, NodeIpStandsForEveryAddressOfItsFamilyOnce) {
  const Texts hosts{"10.0.0.2", "172.17.0.1", "2001:db8::1", "127.0.0.1"};
  EXPECT_EQ(udp(hosts, {.node_ip = "203.0.113.1"}),
            (Texts{"udp 203.0.113.1 7882", "udp 2001:db8::1 7882", "udp 127.0.0.1 7882"}));
  EXPECT_EQ(udp(hosts, {.node_ip = "2001:db8:9::9"}),
            (Texts{"udp 10.0.0.2 7882", "udp 172.17.0.1 7882", "udp 2001:db8:9::9 7882",
                   "udp 127.0.0.1 7882"}));
}

TEST(Candidates, WhatIsKnownOfAnAddressIsToldRatherThanNodeIp) {
  const CandidateSettings settings{
      .node_ip = "203.0.113.1",
      .instead = {{"10.0.0.2", {"198.51.100.7", "10.0.0.2"}}, {"172.17.0.1", {}}}};
  EXPECT_EQ(udp({"10.0.0.2", "172.17.0.1", "192.168.1.1"}, settings),
            (Texts{"udp 198.51.100.7 7882", "udp 10.0.0.2 7882", "udp 203.0.113.1 7882"}));
}

TEST(Candidates, AdditionalAddressesAreThoseOfAFamilyThatIsListenedOn) {
  const CandidateSettings settings{.additional_ips = {"198.51.100.7", "2001:db8:9::9"}};
  EXPECT_EQ(udp({"10.0.0.2"}, settings), (Texts{"udp 10.0.0.2 7882", "udp 198.51.100.7 7882"}));
  EXPECT_EQ(udp({"2001:db8::1"}, settings),
            (Texts{"udp 2001:db8::1 7882", "udp 2001:db8:9::9 7882"}));
}

}  // namespace
}  // namespace gstlk::sfu
