// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/queue_statistics.h"

#include <gtest/gtest.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <cstring>

namespace gstlk::metrics {
namespace {

// An answer as rtnetlink(7) has it.
class Answer {
 public:
  void add_queue(int interface, uint32_t parent, uint32_t packets, uint32_t drops) {
    tcmsg queue{};
    queue.tcm_ifindex = interface;
    queue.tcm_parent = parent;
    tc_stats statistics{};
    statistics.packets = packets;
    statistics.drops = drops;
    const char kind[] = "fq";
    Bytes body = bytes_of(queue);
    append_attribute(TCA_KIND, {reinterpret_cast<const uint8_t*>(kind), sizeof kind}, body);
    append_attribute(TCA_STATS, bytes_of(statistics), body);
    add_message(RTM_NEWQDISC, body);
  }
  void add_message(uint16_t type, const Bytes& body) {
    nlmsghdr header{};
    header.nlmsg_len = static_cast<uint32_t>(NLMSG_HDRLEN + body.size());
    header.nlmsg_type = type;
    append(bytes_of(header));
    append(body);
    bytes.resize(NLMSG_ALIGN(bytes.size()));
  }

  Bytes bytes;

 private:
  template <class T>
  static Bytes bytes_of(const T& value) {
    Bytes out(sizeof value);
    std::memcpy(out.data(), &value, sizeof value);
    return out;
  }
  static void append_attribute(uint16_t type, ByteView value, Bytes& out) {
    rtattr header{};
    header.rta_len = static_cast<uint16_t>(RTA_LENGTH(value.size()));
    header.rta_type = type;
    const Bytes head = bytes_of(header);
    out.insert(out.end(), head.begin(), head.end());
    out.insert(out.end(), value.begin(), value.end());
    out.resize(RTA_ALIGN(out.size()));
  }
  void append(const Bytes& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }
};

TEST(QueueStatistics, TheRootOfAnInterfaceCountsForThoseBelowIt) {
  Answer answer;
  answer.add_queue(2, TC_H_ROOT, 900, 5);
  answer.add_queue(2, 0x10000, 400, 5);
  answer.add_queue(3, TC_H_ROOT, 7, 0);
  QueueStatistics statistics;
  EXPECT_TRUE(statistics.read(answer.bytes));
  ASSERT_EQ(statistics.queues.size(), 2u);
  EXPECT_EQ(statistics.queues[2].packets, 900u);
  EXPECT_EQ(statistics.queues[2].drops, 5u);
  EXPECT_EQ(statistics.queues[3].packets, 7u);
  Answer last;
  last.add_message(NLMSG_DONE, Bytes(4));
  EXPECT_FALSE(statistics.read(last.bytes));
}

TEST(QueueStatistics, WhatIsCutOffIsPassedOver) {
  Answer answer;
  answer.add_queue(2, TC_H_ROOT, 900, 5);
  for (size_t size = 0; size < answer.bytes.size(); ++size) {
    QueueStatistics statistics;
    statistics.read(ByteView(answer.bytes).first(size));
    EXPECT_TRUE(statistics.queues.empty()) << size;
  }
}

TEST(QueueGrowth, GoesOnWhereACounterWrapsOrBeginsAnew) {
  QueueGrowth growth;
  QueueStatistics now;
  now.queues[2] = {0xffffff00, 10};
  growth.update(now);
  EXPECT_EQ(growth.packets(), 0u);
  now.queues[2] = {0x100, 12};
  growth.update(now);
  EXPECT_EQ(growth.packets(), 0x200u);
  EXPECT_EQ(growth.drops(), 2u);
  now.queues[2] = {0x40, 1};
  growth.update(now);
  EXPECT_EQ(growth.packets(), 0x240u);
  EXPECT_EQ(growth.drops(), 3u);
}

}  // namespace
}  // namespace gstlk::metrics
