// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/send_batch.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <thread>
#include <vector>

#include "support/udp_pair.h"

namespace gstlk::sfu {
namespace {

class SendBatchTest : public testing::Test {
 protected:
  void put(size_t size, uint8_t content) {
    std::memset(batch_.reserve(pair_.route(), size), content, size);
  }

  // Sizes of what arrived, checked to be of one content each.
  std::vector<std::pair<size_t, uint8_t>> received() {
    std::vector<std::pair<size_t, uint8_t>> result;
    uint8_t bytes[4096];
    for (;;) {
      const ssize_t size = recv(pair_.to(), bytes, sizeof bytes, 0);
      if (size <= 0) return result;
      for (ssize_t i = 1; i < size; ++i) EXPECT_EQ(bytes[i], bytes[0]);
      result.emplace_back(size, bytes[0]);
    }
  }

  UdpPair pair_;
  SendBatch batch_;
};

TEST_F(SendBatchTest, SendsEachDatagramWholeAndInOrder) {
  put(1200, 1);
  put(1200, 2);
  put(300, 3);   // the last of its run may be shorter
  put(1200, 4);  // and a longer one starts another
  put(40, 5);
  batch_.flush();
  EXPECT_EQ(received(), (std::vector<std::pair<size_t, uint8_t>>{
                            {1200, 1}, {1200, 2}, {300, 3}, {1200, 4}, {40, 5}}));
  EXPECT_EQ(batch_.counters().packets, 5u);
  EXPECT_EQ(batch_.counters().dropped, 0u);
}

TEST_F(SendBatchTest, OneCallSendsARunOfEqualSize) {
  for (uint8_t i = 0; i < 40; ++i) put(1000, i);
  batch_.flush();
  EXPECT_EQ(batch_.counters().calls, 1u);
  EXPECT_EQ(received().size(), 40u);
}

TEST_F(SendBatchTest, MoreThanTheArenaHoldsIsSentInBetween) {
  for (int i = 0; i < 1000; ++i) put(1200, static_cast<uint8_t>(i));
  batch_.flush();
  const auto arrived = received();
  ASSERT_EQ(arrived.size(), 1000u);
  for (size_t i = 0; i < arrived.size(); ++i) EXPECT_EQ(arrived[i].second, static_cast<uint8_t>(i));
}

// A loopback device with that MTU, for the calling thread alone.
bool enter_network(int mtu) {
  if (unshare(CLONE_NEWNET) != 0) return false;
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_mtu = mtu;
  const bool sized = ioctl(fd, SIOCSIFMTU, &request) == 0;
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const bool up = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  close(fd);
  return sized && up;
}

TEST(SendBatchMtuTest, APathThatIsTooNarrowForSegmentsGetsThemAllTheSame) {
  bool could = false;
  std::thread([&] {
    could = enter_network(1000);
    if (!could) return;
    const UdpPair narrow;
    SendBatch batch;
    for (int turn = 0; turn < 3; ++turn) {
      for (int i = 0; i < 10; ++i) std::memset(batch.reserve(narrow.route(), 1200), i, 1200);
      batch.flush();
    }
    uint8_t bytes[4096];
    int arrived = 0;
    while (recv(narrow.to(), bytes, sizeof bytes, 0) == 1200) ++arrived;
    EXPECT_EQ(arrived, 30);
    EXPECT_EQ(batch.counters().dropped, 0u);
  }).join();
  if (!could) GTEST_SKIP() << "a network namespace needs privileges";
}

}  // namespace
}  // namespace gstlk::sfu
