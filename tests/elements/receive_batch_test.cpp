// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/receive_batch.h"

#include <gtest/gtest.h>
#include <netinet/udp.h>

#include <cstring>
#include <vector>

#include "plugins/sfu/send_batch.h"
#include "support/udp_pair.h"
#include "transport/socket_options.h"

namespace gstlk::sfu {
namespace {

class ReceiveBatchTest : public testing::Test {
 protected:
  struct Datagram {
    size_t size;
    uint8_t content;
    bool operator==(const Datagram&) const = default;
  };

  void send(size_t size, uint8_t content) {
    std::memset(out_.reserve(pair_.route(), size), content, size);
  }

  std::vector<Datagram> read() {
    std::vector<Datagram> datagrams;
    in_.read(pair_.to(), [&](ByteView bytes, const transport::SocketAddress& remote) {
      EXPECT_EQ(remote, pair_.from_address());
      for (uint8_t byte : bytes) EXPECT_EQ(byte, bytes.front());
      datagrams.push_back({bytes.size(), bytes.front()});
    });
    return datagrams;
  }

  UdpPair pair_;
  SendBatch out_;
  ReceiveBatch in_;
};

TEST_F(ReceiveBatchTest, GivesWhatCameInOrderWithItsSender) {
  send(100, 1);
  send(1200, 2);
  send(40, 3);
  out_.flush();
  EXPECT_EQ(read(), (std::vector<Datagram>{{100, 1}, {1200, 2}, {40, 3}}));
  EXPECT_TRUE(read().empty());
}

TEST_F(ReceiveBatchTest, TakesACoalescedMessageApart) {
  const int on = 1;
  if (setsockopt(pair_.to(), SOL_UDP, UDP_GRO, &on, sizeof on) != 0) GTEST_SKIP();
  for (uint8_t i = 0; i < 20; ++i) send(1000, i);
  send(300, 20);  // the last may be shorter
  out_.flush();
  // So it arrives as one message: more datagrams than a plain socket gives in one read.
  const std::vector<Datagram> datagrams = read();
  ASSERT_EQ(datagrams.size(), 21u);
  for (uint8_t i = 0; i < 20; ++i) EXPECT_EQ(datagrams[i], (Datagram{1000, i}));
  EXPECT_EQ(datagrams[20], (Datagram{300, 20}));
}

TEST_F(ReceiveBatchTest, LeavesMoreThanABatchForTheNextTime) {
  for (size_t i = 0; i < ReceiveBatch::kMessages + 3; ++i)
    send(100 + i, static_cast<uint8_t>(i));  // growing, so that none is coalesced
  out_.flush();
  EXPECT_EQ(read().size(), ReceiveBatch::kMessages);
  EXPECT_EQ(read().size(), 3u);
}

}  // namespace
}  // namespace gstlk::sfu
