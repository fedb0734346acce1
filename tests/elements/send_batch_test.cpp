// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/send_batch.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <vector>

namespace gstlk::sfu {
namespace {

// Two UDP sockets on loopback and a route from the first to the second.
class SendBatchTest : public testing::Test {
 protected:
  SendBatchTest() {
    from_ = open_socket(nullptr);
    to_ = open_socket(&route_);
    route_.fd = from_;
  }
  ~SendBatchTest() override {
    close(from_);
    close(to_);
  }

  static int open_socket(Route* route) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    const int size = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t length = sizeof address;
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
    if (route) {
      std::memcpy(&route->address, &address, sizeof address);
      route->address_size = sizeof address;
    }
    return fd;
  }

  void put(size_t size, uint8_t content) {
    std::memset(batch_.reserve(route_, size), content, size);
  }

  // Sizes of what arrived, checked to be of one content each.
  std::vector<std::pair<size_t, uint8_t>> received() {
    std::vector<std::pair<size_t, uint8_t>> result;
    uint8_t bytes[4096];
    for (;;) {
      const ssize_t size = recv(to_, bytes, sizeof bytes, 0);
      if (size <= 0) return result;
      for (ssize_t i = 1; i < size; ++i) EXPECT_EQ(bytes[i], bytes[0]);
      result.emplace_back(size, bytes[0]);
    }
  }

  SendBatch batch_;
  Route route_;
  int from_ = -1;
  int to_ = -1;
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

}  // namespace
}  // namespace gstlk::sfu
