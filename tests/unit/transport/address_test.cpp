// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/address.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace gstlk::transport {
namespace {

SocketAddress round_trip(const SocketAddress& address) {
  sockaddr_storage storage{};
  const socklen_t size = address.to_sockaddr(storage);
  return SocketAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&storage), size);
}

TEST(SocketAddress, SurvivesTheWayThroughText) {
  for (const char* text : {"192.0.2.1:7882", "[2001:db8::1]:443", "0.0.0.0:0"}) {
    const auto address = SocketAddress::from_text(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_text(), text);
  }
}

TEST(SocketAddress, SurvivesTheWayThroughSockaddr) {
  for (const char* text : {"192.0.2.1:7882", "[2001:db8::1]:443"}) {
    const auto address = SocketAddress::from_text(text);
    EXPECT_EQ(round_trip(*address), *address);
  }
  EXPECT_TRUE(round_trip({}).empty());
}

TEST(SocketAddress, RefusesTextThatIsNoAddress) {
  for (const char* text : {"", "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:-1",
                           "192.0.2.1:1x", "2001:db8::1:443", "[192.0.2.1]:1", "host:1", "[]:1"})
    EXPECT_FALSE(SocketAddress::from_text(text)) << text;
}

TEST(SocketAddress, TakesAnIpv4MappedAddressForIpv4) {
  EXPECT_EQ(SocketAddress::from_host("::ffff:192.0.2.1", 5),
            SocketAddress::from_host("192.0.2.1", 5));
}

TEST(SocketAddress, RefusesShortSockaddr) {
  sockaddr_storage storage{};
  storage.ss_family = AF_INET6;
  EXPECT_TRUE(SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), 8).empty());
}

TEST(SocketAddress, HashesAreSpreadOverPortsAndHosts) {
  std::unordered_set<size_t> buckets;
  for (uint16_t port = 1; port <= 1000; ++port)
    buckets.insert(SocketAddress::from_host("192.0.2.1", port)->hash() % 1024);
  EXPECT_GT(buckets.size(), 500u);
}

}  // namespace
}  // namespace gstlk::transport
