// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/bytes.h"

#include <gtest/gtest.h>

#include <vector>

namespace gstlk {
namespace {

TEST(ByteReader, ReadsNetworkByteOrder) {
  const Bytes bytes = {1, 0, 2, 0, 0, 3, 0, 0, 0, 4, 9};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u8(), 1);
  EXPECT_EQ(reader.u16(), 2);
  EXPECT_EQ(reader.u24(), 3u);
  EXPECT_EQ(reader.u32(), 4u);
  EXPECT_EQ(reader.remaining(), 1u);
  EXPECT_TRUE(reader.ok());
}

TEST(ByteReader, StaysFailedAfterAReadPastTheEnd) {
  const Bytes bytes = {1, 2};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u32(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_FALSE(reader.ok());
}

TEST(ByteWriter, WritesWhatTheReaderReads) {
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.u16(0);
  writer.u64(0x0102030405060708);
  writer.patch_u16(0, 0xabcd);
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u16(), 0xabcd);
  EXPECT_EQ(reader.u64(), 0x0102030405060708u);
}

}  // namespace
}  // namespace gstlk
