// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/address_table.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>

namespace gstlk::sfu {
namespace {

transport::SocketAddress address(uint32_t number) {
  const std::array<uint8_t, 4> ip{10, 0, static_cast<uint8_t>(number >> 16), 1};
  return {ip, static_cast<uint16_t>(number & 0xffff)};
}

// The table only compares and keeps what it is given.
class AddressTableTest : public testing::Test {
 protected:
  std::shared_ptr<PeerSession> session(int& of) {
    return {std::shared_ptr<void>(), reinterpret_cast<PeerSession*>(&of)};
  }
  Worker* other_worker() { return reinterpret_cast<Worker*>(&worker_); }

  int alice_ = 0;
  int bob_ = 0;
  int worker_ = 0;
  AddressTable table_;
};

TEST_F(AddressTableTest, KnowsWhoseAnAddressIsOnEachSocket) {
  EXPECT_EQ(table_.find(address(1), 0), nullptr);
  ASSERT_TRUE(table_.remember(address(1), 0, {session(alice_), nullptr}));
  ASSERT_TRUE(table_.remember(address(1), 1, {session(bob_), other_worker()}));
  ASSERT_NE(table_.find(address(1), 0), nullptr);
  EXPECT_EQ(table_.find(address(1), 0)->session, session(alice_));
  EXPECT_EQ(table_.find(address(1), 1)->session, session(bob_));
  EXPECT_EQ(table_.find(address(1), 1)->foreign, other_worker());
  EXPECT_EQ(table_.find(address(2), 0), nullptr);
}

TEST_F(AddressTableTest, TheLastAddressIsNotRememberedLongerThanItsOwner) {
  table_.remember(address(1), 0, {session(alice_), nullptr});
  ASSERT_NE(table_.find(address(1), 0), nullptr);
  table_.remember(address(1), 0, {session(bob_), nullptr});
  EXPECT_EQ(table_.find(address(1), 0)->session, session(bob_));
  table_.forget(address(1), 0, *session(alice_));
  ASSERT_NE(table_.find(address(1), 0), nullptr);
  table_.forget(address(1), 0, *session(bob_));
  EXPECT_EQ(table_.find(address(1), 0), nullptr);
}

TEST_F(AddressTableTest, ForgetsAllAddressesOfASession) {
  for (uint32_t i = 0; i < 5; ++i) table_.remember(address(i), 0, {session(alice_), nullptr});
  table_.remember(address(9), 0, {session(bob_), nullptr});
  ASSERT_NE(table_.find(address(4), 0), nullptr);
  table_.forget(*session(alice_));
  for (uint32_t i = 0; i < 5; ++i) EXPECT_EQ(table_.find(address(i), 0), nullptr);
  EXPECT_NE(table_.find(address(9), 0), nullptr);
}

TEST_F(AddressTableTest, AFullTableDropsWhatIsOtherWorkers) {
  for (uint32_t i = 0; i < AddressTable::kMaxAddresses; ++i)
    table_.remember(address(i), 0, {session(alice_), i == 7 ? other_worker() : nullptr});
  EXPECT_TRUE(table_.remember(address(100'000), 0, {session(bob_), nullptr}));
  EXPECT_EQ(table_.find(address(7), 0), nullptr);
  // Now it is full of its own.
  EXPECT_FALSE(table_.remember(address(100'001), 0, {session(bob_), nullptr}));
  EXPECT_TRUE(table_.remember(address(8), 0, {session(bob_), nullptr}));
}

}  // namespace
}  // namespace gstlk::sfu
