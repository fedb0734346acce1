// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/bind_addresses.h"

#include <gtest/gtest.h>

namespace gstlk::net {
namespace {

using Texts = std::vector<std::string>;

const std::vector<HostAddress> kMachine = {
    {"lo", "127.0.0.1", true},       {"lo", "::1", true},
    {"eth0", "192.0.2.1", false},    {"eth0", "2001:db8::1", false},
    {"eth1", "198.51.100.1", false}, {"eth2", "198.51.100.1", false}};

TEST(BindAddresses, NoneIsEveryAddress) {
  EXPECT_TRUE(covers({}, "192.0.2.1"));
  EXPECT_TRUE(covers({}, "2001:db8::1"));
}

TEST(BindAddresses, OneIsItselfHoweverItIsWritten) {
  EXPECT_TRUE(covers(Texts{"192.0.2.1", "2001:DB8:0::1"}, "2001:db8::1"));
  EXPECT_FALSE(covers(Texts{"192.0.2.1", "2001:db8::1"}, "192.0.2.2"));
}

TEST(BindAddresses, ZerosAreAFamilyOrBoth) {
  EXPECT_TRUE(covers(Texts{"0.0.0.0"}, "192.0.2.1"));
  EXPECT_FALSE(covers(Texts{"0.0.0.0"}, "2001:db8::1"));
  EXPECT_TRUE(covers(Texts{"::"}, "192.0.2.1"));
  EXPECT_TRUE(covers(Texts{"::"}, "2001:db8::1"));
}

TEST(BindAddresses, WhatIsTakenIsNotLeft) {
  EXPECT_EQ(addresses_left({}, kMachine, Texts{"192.0.2.1", "2001:db8::1"}),
            (Texts{"127.0.0.1", "::1", "198.51.100.1"}));
  EXPECT_EQ(addresses_left(Texts{"127.0.0.1", "192.0.2.1"}, kMachine, Texts{"192.0.2.1"}),
            Texts{"127.0.0.1"});
  EXPECT_EQ(addresses_left(Texts{"192.0.2.1"}, kMachine, Texts{"192.0.2.1"}), Texts{});
}

}  // namespace
}  // namespace gstlk::net
