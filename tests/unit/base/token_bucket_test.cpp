// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/token_bucket.h"

#include <gtest/gtest.h>

namespace gstlk {
namespace {

constexpr Timestamp kStart{1000s};

TEST(TokenBucket, TakesABurstAndThenTheRate) {
  TokenBucket bucket(10, 5);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.take(1, kStart));
  EXPECT_FALSE(bucket.take(1, kStart));
  EXPECT_EQ(bucket.wait_for(1, kStart), 100ms);
  EXPECT_FALSE(bucket.take(1, kStart + 99ms));
  EXPECT_TRUE(bucket.take(1, kStart + 100ms));
  EXPECT_FALSE(bucket.take(1, kStart + 100ms));
}

TEST(TokenBucket, HoldsNoMoreThanABurst) {
  TokenBucket bucket(10, 5);
  EXPECT_TRUE(bucket.take(5, kStart));
  EXPECT_TRUE(bucket.is_full(kStart + 10h));
  EXPECT_TRUE(bucket.take(5, kStart + 10h));
  EXPECT_FALSE(bucket.take(1, kStart + 10h));
}

TEST(TokenBucket, ADebtIsPaidFirst) {
  TokenBucket bucket(1000, 1000);
  bucket.spend(3000, kStart);
  EXPECT_EQ(bucket.wait_for(0, kStart), 2s);
  EXPECT_FALSE(bucket.take(1, kStart + 2s));
  EXPECT_TRUE(bucket.take(1, kStart + 2s + 1ms));
}

TEST(TokenBucket, GigabitsDoNotOverflow) {
  TokenBucket bucket(4'000'000'000, 4'000'000'000);
  EXPECT_TRUE(bucket.take(4'000'000'000, kStart));
  EXPECT_FALSE(bucket.take(4'000'000'000, kStart + 999ms));
  EXPECT_TRUE(bucket.take(4'000'000'000, kStart + 100h));
}

}  // namespace
}  // namespace gstlk
