// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/remote_candidates.h"

#include <gtest/gtest.h>

namespace gstlk::signal {
namespace {

TEST(RemoteCandidates, AnAddressThatWasTrickledHasItsType) {
  RemoteCandidates candidates;
  candidates.add_init(
      R"({"candidate":"candidate:1 1 udp 2113937151 192.0.2.7 50000 typ host generation 0","sdpMid":"0","sdpMLineIndex":0})");
  candidates.add_init(
      R"({"candidate":"candidate:2 1 UDP 33562623 198.51.100.9 30001 typ relay raddr 0.0.0.0 rport 0"})");
  EXPECT_EQ(candidates.type_of("udp", "192.0.2.7:50000"), "host");
  EXPECT_EQ(candidates.type_of("udp", "198.51.100.9:30001"), "relay");
}

TEST(RemoteCandidates, AnAddressThatNobodyNamedIsPeerReflexive) {
  RemoteCandidates candidates;
  candidates.add_init(
      R"({"candidate":"candidate:1 1 udp 2113937151 4d7b1f2e.local 50000 typ host"})");
  EXPECT_EQ(candidates.type_of("udp", "192.0.2.7:50000"), "prflx");
}

TEST(RemoteCandidates, AnActiveTcpCandidateConnectsFromAnyPort) {
  RemoteCandidates candidates;
  candidates.add_sdp(
      "v=0\r\na=candidate:3 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active\r\na=mid:0\r\n");
  EXPECT_EQ(candidates.type_of("tcp", "192.0.2.7:41234"), "host");
  EXPECT_EQ(candidates.type_of("udp", "192.0.2.7:41234"), "prflx");
}

TEST(RemoteCandidates, AnIpv6AddressHasOneSpelling) {
  RemoteCandidates candidates;
  candidates.add_sdp(
      "a=candidate:4 1 udp 1 2001:DB8:0:0:0:0:0:1 5000 typ srflx raddr :: rport 1\n");
  EXPECT_EQ(candidates.type_of("udp", "[2001:db8::1]:5000"), "srflx");
}

TEST(RemoteCandidates, TheNewestAreKeptAndNonsenseIsNot) {
  RemoteCandidates candidates;
  for (int port = 1; port <= 100; ++port) {
    candidates.add_sdp("a=candidate:1 1 udp 1 192.0.2.7 " + std::to_string(port) + " typ host\n");
  }
  EXPECT_EQ(candidates.type_of("udp", "192.0.2.7:1"), "prflx");
  EXPECT_EQ(candidates.type_of("udp", "192.0.2.7:100"), "host");
  EXPECT_FALSE(candidates.add_init("[]"));
  EXPECT_TRUE(candidates.add_init("{\"candidate\":7}"));
  EXPECT_TRUE(candidates.add_init("null"));
  EXPECT_FALSE(candidates.add_init(""));
  candidates.add_sdp("a=candidate:1 1 udp\na=candidate:");
  EXPECT_EQ(candidates.type_of("udp", "192.0.2.7:100"), "host");
}

}  // namespace
}  // namespace gstlk::signal
