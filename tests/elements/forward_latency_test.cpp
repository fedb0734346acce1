// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/forward_latency.h"

#include <gtest/gtest.h>

namespace gstlk::sfu {
namespace {

TEST(ForwardLatency, CountsPacketsWhenTheyAreSent) {
  ForwardLatency latency;
  const Timestamp arrived{1s};
  latency.on_forwarded(arrived, 2);
  latency.on_forwarded(arrived, 3);
  latency.on_forwarded(arrived - 100us, 1);
  latency.on_forwarded(arrived, 0);
  EXPECT_TRUE(latency.is_waiting());
  EXPECT_EQ(latency.totals().sum, 0u);
  latency.on_sent(arrived + 50us);
  EXPECT_FALSE(latency.is_waiting());
  const ForwardLatency::Totals totals = latency.totals();
  EXPECT_EQ(totals.packets[0], 5u);  // a bound belongs to its bucket
  EXPECT_EQ(totals.packets[2], 1u);  // 150 us
  EXPECT_EQ(totals.sum, 5u * 50 + 150);
  EXPECT_EQ(totals.sum_of_squares, 5u * 2500 + 22500);
}

TEST(ForwardLatency, WhatTakesTooLongIsInTheLastBucket) {
  ForwardLatency latency;
  latency.on_forwarded(Timestamp{1s}, 1);
  latency.on_sent(Timestamp{2s});
  EXPECT_EQ(latency.totals().packets.back(), 1u);
}

}  // namespace
}  // namespace gstlk::sfu
