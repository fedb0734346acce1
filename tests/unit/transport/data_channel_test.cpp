// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/data_channel.h"

#include <gtest/gtest.h>

#include "hex.h"

namespace gstlk::transport {
namespace {

TEST(Dcep, ReadsAllReliabilitiesItBuilds) {
  const DataChannelConfig configs[] = {
      {.label = "_reliable", .protocol = "p"},
      {.label = "_lossy", .ordered = false, .max_retransmits = 0},
      {.label = "", .ordered = true, .max_retransmits = 7},
      {.label = "timed", .ordered = false, .max_lifetime_ms = 250},
  };
  for (const DataChannelConfig& config : configs) {
    const auto message = parse_dcep(build_dcep_open(config));
    ASSERT_TRUE(message);
    EXPECT_EQ(std::get<DataChannelConfig>(*message), config);
  }
  EXPECT_TRUE(std::holds_alternative<DcepAck>(*parse_dcep(build_dcep_ack())));
}

TEST(Dcep, BuildsTheOpenThatBrowsersSendForLossy) {
  EXPECT_EQ(build_dcep_open({.label = "_lossy", .ordered = false, .max_retransmits = 0}),
            from_hex("038101000000000000060000"
                     "5f6c6f737379"));
}

TEST(Dcep, RefusesEveryTruncationAndUnknownTypes) {
  const Bytes open = build_dcep_open({.label = "label", .protocol = "protocol"});
  for (size_t size = 0; size < open.size(); ++size)
    EXPECT_FALSE(parse_dcep(ByteView(open).first(size))) << size;
  Bytes unknown = open;
  unknown[1] = 0x03;
  EXPECT_FALSE(parse_dcep(unknown));
  EXPECT_FALSE(parse_dcep(Bytes{0x00}));
}

}  // namespace
}  // namespace gstlk::transport
