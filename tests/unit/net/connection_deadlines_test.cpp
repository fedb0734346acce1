// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/connection_deadlines.h"

#include <gtest/gtest.h>

#include <array>

namespace gstlk::net {
namespace {

using Stage = ConnectionDeadlines::Stage;
using Keys = std::vector<ConnectionDeadlines::Key>;

class ConnectionDeadlinesTest : public testing::Test {
 protected:
  static constexpr Timestamp kStart{};

  const void* key(size_t index) const { return &things_[index]; }

  std::array<char, 8> things_{};
  ConnectionDeadlines deadlines_{3};
};

TEST_F(ConnectionDeadlinesTest, WhoAsksNothingGoes) {
  deadlines_.add(key(0), Stage::Request, kStart);
  deadlines_.add(key(1), Stage::Request, kStart + 1s);
  EXPECT_EQ(deadlines_.take_overdue(kStart + 9s), Keys{});
  EXPECT_EQ(deadlines_.take_overdue(kStart + 10s), Keys{key(0)});
  EXPECT_EQ(deadlines_.take_overdue(kStart + 11s), Keys{key(1)});
  EXPECT_EQ(deadlines_.size(), 0u);
}

TEST_F(ConnectionDeadlinesTest, EachStageHasATimeOfItsOwn) {
  deadlines_.add(key(0), Stage::Request, kStart);
  deadlines_.change(key(0), Stage::Transfer, kStart + 9s);
  EXPECT_EQ(deadlines_.take_overdue(kStart + 68s), Keys{});
  deadlines_.change(key(0), Stage::Answer, kStart + 68s);
  EXPECT_EQ(deadlines_.take_overdue(kStart + 3600s), Keys{});
  deadlines_.change(key(0), Stage::Idle, kStart + 3600s);
  EXPECT_EQ(deadlines_.take_overdue(kStart + 3674s), Keys{});
  EXPECT_EQ(deadlines_.take_overdue(kStart + 3675s), Keys{key(0)});
}

TEST_F(ConnectionDeadlinesTest, AHandshakeIsShort) {
  deadlines_.add(key(0), Stage::Request, kStart);
  deadlines_.change(key(0), Stage::Handshake, kStart + 9s);
  EXPECT_EQ(deadlines_.take_overdue(kStart + 11s), Keys{});
  EXPECT_EQ(deadlines_.take_overdue(kStart + 12s), Keys{key(0)});
}

TEST_F(ConnectionDeadlinesTest, ABriefOneGoesWhateverItDoes) {
  deadlines_.add(key(0), Stage::Brief, kStart);
  deadlines_.change(key(0), Stage::Transfer, kStart + 5s);
  deadlines_.change(key(0), Stage::Idle, kStart + 6s);
  EXPECT_EQ(deadlines_.take_overdue(kStart + 10s), Keys{key(0)});
}

TEST_F(ConnectionDeadlinesTest, OfTooManyThoseGoThatWaitForLongest) {
  deadlines_.add(key(0), Stage::Request, kStart);
  deadlines_.add(key(1), Stage::Request, kStart + 1s);
  deadlines_.change(key(0), Stage::Idle, kStart + 2s);
  deadlines_.add(key(2), Stage::Request, kStart + 3s);
  deadlines_.change(key(2), Stage::Transfer, kStart + 4s);
  EXPECT_EQ(deadlines_.take_overdue(kStart + 5s), Keys{});
  deadlines_.add(key(3), Stage::Request, kStart + 5s);
  EXPECT_EQ(deadlines_.take_overdue(kStart + 5s), Keys{key(1)});
  deadlines_.add(key(4), Stage::Request, kStart + 6s);
  EXPECT_EQ(deadlines_.take_overdue(kStart + 6s), Keys{key(0)});
}

TEST_F(ConnectionDeadlinesTest, WhoWaitsForUsCountsForNothing) {
  for (size_t i = 0; i < 6; i++) {
    deadlines_.add(key(i), Stage::Request, kStart);
    deadlines_.change(key(i), Stage::Answer, kStart);
  }
  EXPECT_EQ(deadlines_.take_overdue(kStart + 3600s), Keys{});
}

TEST_F(ConnectionDeadlinesTest, WhoHasGoneIsForgotten) {
  deadlines_.add(key(0), Stage::Request, kStart);
  deadlines_.remove(key(0));
  deadlines_.change(key(0), Stage::Idle, kStart);
  deadlines_.remove(key(0));
  EXPECT_EQ(deadlines_.size(), 0u);
  EXPECT_EQ(deadlines_.take_overdue(kStart + 3600s), Keys{});
}

}  // namespace
}  // namespace gstlk::net
