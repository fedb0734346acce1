// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/mailbox.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <vector>

namespace gstlk::sfu {
namespace {

bool is_woken(const Mailbox& mailbox) {
  pollfd waiting{mailbox.fd(), POLLIN, 0};
  return poll(&waiting, 1, 0) == 1;
}

TEST(Mailbox, RunsTasksAndPacketsInTheOrderOfPosting) {
  Mailbox mailbox;
  std::vector<int> order;
  mailbox.post([&] { order.push_back(1); });
  EXPECT_TRUE(mailbox.post_packets([&] { order.push_back(2); }));
  mailbox.post([&] { order.push_back(3); });
  mailbox.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(Mailbox, WhatATaskPostsRunsTheNextTime) {
  Mailbox mailbox;
  int count = 0;
  mailbox.post([&] { mailbox.post([&] { ++count; }); });
  mailbox.run();
  EXPECT_EQ(count, 0);
  mailbox.run();
  EXPECT_EQ(count, 1);
}

TEST(Mailbox, WakesOnlyAnOwnerThatSleeps) {
  Mailbox mailbox;
  mailbox.post([] {});
  EXPECT_FALSE(is_woken(mailbox));
  EXPECT_TRUE(mailbox.prepare_sleep());  // there is something: no sleep
  mailbox.end_sleep();
  mailbox.run();

  EXPECT_FALSE(mailbox.prepare_sleep());
  mailbox.post([] {});
  EXPECT_TRUE(is_woken(mailbox));
  mailbox.clear();
  EXPECT_FALSE(is_woken(mailbox));
}

TEST(Mailbox, CountsPacketsThatTheOwnerIsTooSlowForAndTakesTasksStill) {
  Mailbox mailbox;
  size_t packets = 0;
  for (size_t i = 0; i < Mailbox::kMaxWaitingPackets; ++i)
    ASSERT_TRUE(mailbox.post_packets([&] { ++packets; }));
  EXPECT_FALSE(mailbox.post_packets([&] { ++packets; }));
  bool ran = false;
  mailbox.post([&] { ran = true; });
  mailbox.run();
  EXPECT_EQ(packets, Mailbox::kMaxWaitingPackets);
  EXPECT_TRUE(ran);
  EXPECT_EQ(mailbox.overrun(), 1u);
  EXPECT_TRUE(mailbox.post_packets([] {}));
}

}  // namespace
}  // namespace gstlk::sfu
