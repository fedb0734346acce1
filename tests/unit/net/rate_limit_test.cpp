// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/rate_limit.h"

#include <gtest/gtest.h>

namespace gstlk::net {
namespace {

constexpr Timestamp kStart{1000s};

TEST(RateLimit, EachAddressHasItsOwn) {
  RateLimit limit(60, 3);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limit.refuse("192.0.2.1", kStart));
  EXPECT_EQ(limit.refuse("192.0.2.1", kStart), 1s);
  EXPECT_FALSE(limit.refuse("192.0.2.2", kStart));
  EXPECT_FALSE(limit.refuse("192.0.2.1", kStart + 1s));
  EXPECT_TRUE(limit.refuse("192.0.2.1", kStart + 1s));
}

TEST(RateLimit, ACustomersIpv6AddressesAreOne) {
  RateLimit limit(60, 1);
  EXPECT_FALSE(limit.refuse("2001:db8:1:2::1", kStart));
  EXPECT_TRUE(limit.refuse("2001:db8:1:2:ffff::7", kStart));
  EXPECT_FALSE(limit.refuse("2001:db8:1:3::1", kStart));
  EXPECT_EQ(subscriber_of("2001:db8:1:2::1"), "2001:db8:1:2::/64");
  EXPECT_EQ(subscriber_of("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(subscriber_of("192.0.2.1"), "192.0.2.1");
}

TEST(RateLimit, WhoAsksFromEverywhereTakesNoMoreMemory) {
  RateLimit limit(60, 1);
  EXPECT_FALSE(limit.refuse("first", kStart));
  EXPECT_TRUE(limit.refuse("first", kStart));
  for (size_t i = 0; i < RateLimit::kMaxAddresses; ++i)
    EXPECT_FALSE(limit.refuse(std::to_string(i), kStart));
  // It was forgotten as the one that asked longest ago.
  EXPECT_FALSE(limit.refuse("first", kStart));
  EXPECT_TRUE(limit.refuse(std::to_string(RateLimit::kMaxAddresses - 1), kStart));
}

}  // namespace
}  // namespace gstlk::net
