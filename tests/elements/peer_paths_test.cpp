// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/peer_paths.h"

#include <gtest/gtest.h>

namespace gstlk::sfu {
namespace {

transport::AddressPair path(uint16_t port) {
  const auto address = [](uint16_t number) {
    return *transport::SocketAddress::from_host("192.0.2.1", number);
  };
  return {address(port), address(7882), transport::Protocol::Udp};
}

TEST(RecentPathsTest, ForgetsTheOldestCheckAndNeverWhatIsInUse) {
  RecentPaths paths;
  for (uint16_t port = 1; port <= RecentPaths::kMax; ++port)
    EXPECT_FALSE(paths.add(path(port), path(1)));
  EXPECT_FALSE(paths.add(path(2), path(1)));  // heard again
  EXPECT_EQ(paths.add(path(100), path(1)), path(3));
  EXPECT_EQ(paths.add(path(101), path(1)), path(4));
  EXPECT_EQ(paths.add(path(102), path(101)), path(1));
}

}  // namespace
}  // namespace gstlk::sfu
