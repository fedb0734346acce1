// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/ice_client.h"

#include <gtest/gtest.h>

#include <array>

#include "counting_random.h"

namespace gstlk::transport {
namespace {

constexpr Timestamp kStart{10s};

class IceClientTest : public testing::Test {
 protected:
  IceClientTest() { client_.set_remote(server_.local(), pair_); }

  // One check, if due, and its answer.
  bool exchange(Timestamp now) {
    std::array<uint8_t, 256> check;
    const size_t size = client_.poll_check(now, check);
    if (size == 0) return false;
    const AddressPair seen{pair_.local, pair_.remote, pair_.protocol};
    const IceAction action = server_.handle_check(ByteView(check).first(size), seen, now, answer_);
    answer_size_ = std::get<IceRespond>(action).size;
    return client_.handle_response(ByteView(answer_).first(answer_size_), now);
  }

  const AddressPair pair_{*SocketAddress::from_text("192.0.2.1:7882"),
                          *SocketAddress::from_text("192.0.2.7:999")};
  IceLite server_{counting_random};
  IceClient client_{counting_random};
  std::array<uint8_t, IceLite::kMaxResponse> answer_;
  size_t answer_size_ = 0;
};

TEST_F(IceClientTest, NominatesItsPairWithTheFirstCheck) {
  EXPECT_TRUE(exchange(kStart));
  EXPECT_EQ(client_.selected(), pair_);
  EXPECT_EQ(client_.state(kStart), IceState::Connected);
  EXPECT_TRUE(server_.nominated());
  EXPECT_EQ(server_.selected()->remote, pair_.local);
}

TEST_F(IceClientTest, RepeatsTheCheckUntilAnswered) {
  std::array<uint8_t, 256> check;
  EXPECT_GT(client_.poll_check(kStart, check), 0u);
  EXPECT_EQ(client_.poll_check(kStart, check), 0u);
  EXPECT_EQ(client_.next_timeout(kStart), kStart + 100ms);
  EXPECT_GT(client_.poll_check(kStart + 100ms, check), 0u);
}

TEST_F(IceClientTest, ChecksConsentEveryTwoAndAHalfSeconds) {
  EXPECT_TRUE(exchange(kStart));
  EXPECT_FALSE(exchange(kStart + 2s));
  EXPECT_EQ(client_.next_timeout(kStart + 2s), kStart + 2500ms);
  EXPECT_TRUE(exchange(kStart + 2500ms));
  EXPECT_EQ(client_.state(kStart + 12s), IceState::Connected);
  EXPECT_EQ(client_.state(kStart + 18s), IceState::Failed);
}

TEST_F(IceClientTest, IgnoresForgedAnswers) {
  EXPECT_TRUE(exchange(kStart));
  // The answer to an earlier check.
  std::array<uint8_t, 256> check;
  EXPECT_GT(client_.poll_check(kStart + 3s, check), 0u);
  EXPECT_FALSE(client_.handle_response(ByteView(answer_).first(answer_size_), kStart + 3s));
  EXPECT_FALSE(client_.handle_response({}, kStart + 3s));
}

}  // namespace
}  // namespace gstlk::transport
