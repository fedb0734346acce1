// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/sequence_unwrapper.h"

#include <gtest/gtest.h>

namespace gstlk::rtp {
namespace {

TEST(SequenceUnwrapper, TheFirstKeepsItsNumber) {
  SequenceUnwrapper unwrapper;
  EXPECT_FALSE(unwrapper.started());
  EXPECT_EQ(unwrapper.unwrap(65000), 65000);
  EXPECT_TRUE(unwrapper.started());
}

TEST(SequenceUnwrapper, GoesOnOverTheWrapAndBack) {
  SequenceUnwrapper unwrapper;
  EXPECT_EQ(unwrapper.unwrap(65535), 65535);
  EXPECT_EQ(unwrapper.unwrap(1), 65537);
  EXPECT_EQ(unwrapper.unwrap(65534), 65534);
  EXPECT_EQ(unwrapper.unwrap(0), 65536);
}

TEST(SequenceUnwrapper, MayGoBelowZero) {
  SequenceUnwrapper unwrapper;
  unwrapper.unwrap(0);
  EXPECT_EQ(unwrapper.unwrap(65535), -1);
  EXPECT_EQ(unwrapper.unwrap(0), 0);
}

TEST(SequenceUnwrapper, PeekDoesNotRemember) {
  SequenceUnwrapper unwrapper;
  unwrapper.unwrap(40000);
  EXPECT_EQ(unwrapper.peek(5000), 65536 + 5000);
  EXPECT_EQ(unwrapper.unwrap(39999), 39999);
}

TEST(TimestampUnwrapper, CountsManyWraps) {
  TimestampUnwrapper unwrapper;
  uint32_t timestamp = 7;
  int64_t expected = 7;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(unwrapper.unwrap(timestamp), expected);
    timestamp += 0x70000000u;
    expected += 0x70000000;
  }
}

}  // namespace
}  // namespace gstlk::rtp
