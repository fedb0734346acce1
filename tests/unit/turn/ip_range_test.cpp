// SPDX-License-Identifier: LGPL-2.1-or-later
#include "turn/ip_range.h"

#include <gtest/gtest.h>

namespace gstlk::turn {
namespace {

std::string text(const std::string& network) { return IpRange::parse(network)->to_text(); }

std::vector<std::string> rest(const std::vector<const char*>& networks,
                              const std::vector<const char*>& holes) {
  std::vector<IpRange> ranges;
  std::vector<IpRange> gaps;
  for (const char* network : networks) ranges.push_back(*IpRange::parse(network));
  for (const char* hole : holes) gaps.push_back(*IpRange::parse(hole));
  std::vector<std::string> out;
  for (const IpRange& range : subtract(ranges, gaps)) out.push_back(range.to_text());
  return out;
}

using Texts = std::vector<std::string>;

TEST(IpRange, ANetworkIsFromItsFirstToItsLastAddress) {
  EXPECT_EQ(text("10.0.0.0/8"), "10.0.0.0-10.255.255.255");
  EXPECT_EQ(text("192.0.2.7"), "192.0.2.7-192.0.2.7");
  EXPECT_EQ(text("172.16.0.0/12"), "172.16.0.0-172.31.255.255");
  EXPECT_EQ(text("0.0.0.0/0"), "0.0.0.0-255.255.255.255");
  EXPECT_EQ(text("2001:db8::/127"), "2001:db8::-2001:db8::1");
  EXPECT_EQ(text("fc00::/7"), "fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

TEST(IpRange, WhatIsNoNetworkIsRefused) {
  for (const char* wrong : {"10.0.0.0/4294967304", "10.0.0.0/-1", "10.0.0.0/", "", "10.0.0.0/33",
                            "10.0.0.1/8", "ten", "10.0.0.0-10.0.0.1", "::/129"})
    EXPECT_FALSE(IpRange::parse(wrong)) << wrong;
}

TEST(IpRange, WhatIsTakenAwayLeavesTheEnds) {
  EXPECT_EQ(rest({"10.0.0.0/8"}, {"10.1.0.0/16"}),
            (Texts{"10.0.0.0-10.0.255.255", "10.2.0.0-10.255.255.255"}));
  EXPECT_EQ(rest({"10.0.0.0/8"}, {"10.0.0.0/9"}), (Texts{"10.128.0.0-10.255.255.255"}));
  EXPECT_EQ(rest({"10.0.0.0/8"}, {"0.0.0.0/0"}), Texts{});
  EXPECT_EQ(rest({"255.255.255.0/24"}, {"255.255.255.255"}),
            (Texts{"255.255.255.0-255.255.255.254"}));
  EXPECT_EQ(rest({"2001:db8::/126"}, {"2001:db8::1"}),
            (Texts{"2001:db8::-2001:db8::", "2001:db8::2-2001:db8::3"}));
  EXPECT_EQ(rest({"10.0.0.0/30"}, {"10.0.0.1", "10.0.0.3"}),
            (Texts{"10.0.0.0-10.0.0.0", "10.0.0.2-10.0.0.2"}));
}

TEST(IpRange, FamiliesHaveNothingInCommon) {
  EXPECT_EQ(rest({"10.0.0.1"}, {"::/0"}), (Texts{"10.0.0.1-10.0.0.1"}));
  EXPECT_EQ(rest({"::1"}, {"0.0.0.0/0"}), (Texts{"::1-::1"}));
}

}  // namespace
}  // namespace gstlk::turn
