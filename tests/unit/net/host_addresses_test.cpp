// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/host_addresses.h"

#include <gtest/gtest.h>

namespace gstlk::net {
namespace {

using Texts = std::vector<std::string>;

const std::vector<HostAddress> kMachine = {
    {"lo", "127.0.0.1", true},        {"lo", "::1", true},
    {"eth0", "192.0.2.1", false},     {"eth0", "2001:db8::1", false},
    {"docker0", "172.17.0.1", false},
};

Texts choose(const AddressFilter& filter) {
  const auto chosen = choose_addresses(kMachine, filter);
  return chosen ? *chosen : Texts{"error: " + chosen.error().message};
}

TEST(HostAddresses, WithoutAFilterEverythingButLoopbackCounts) {
  EXPECT_EQ(choose({}), (Texts{"192.0.2.1", "2001:db8::1", "172.17.0.1"}));
  EXPECT_EQ(choose({.loopback = true}).size(), 5u);
}

TEST(HostAddresses, IncludedInterfacesAreTheOnlyOnes) {
  EXPECT_EQ(choose({.interface_includes = {"eth0"}}), (Texts{"192.0.2.1", "2001:db8::1"}));
}

TEST(HostAddresses, ExcludedInterfacesAreLeftOut) {
  EXPECT_EQ(choose({.interface_excludes = {"docker0"}}), (Texts{"192.0.2.1", "2001:db8::1"}));
  EXPECT_EQ(choose({.interface_includes = {"eth0", "docker0"}, .interface_excludes = {"eth0"}}),
            Texts{"172.17.0.1"});
}

TEST(HostAddresses, NetworksIncludeAndExclude) {
  EXPECT_EQ(choose({.ip_includes = {"192.0.2.0/24"}}), Texts{"192.0.2.1"});
  EXPECT_EQ(choose({.ip_excludes = {"172.16.0.0/12", "2001:db8::/32"}}), Texts{"192.0.2.1"});
  EXPECT_EQ(choose({.ip_includes = {"2001:db8::1"}}), Texts{"2001:db8::1"});
}

TEST(HostAddresses, LoopbackCountsWhenItIsNamed) {
  EXPECT_EQ(choose({.interface_includes = {"lo"}}), (Texts{"127.0.0.1", "::1"}));
  EXPECT_EQ(choose({.ip_includes = {"127.0.0.0/8"}}), Texts{"127.0.0.1"});
}

TEST(HostAddresses, NothingLeftAndBadNetworksAreSaid) {
  EXPECT_TRUE(choose({.interface_includes = {"wlan0"}})[0].starts_with("error: rtc.interfaces"));
  EXPECT_EQ(choose({.ip_includes = {"ten"}})[0],
            "error: rtc.ips.includes: expected a network like 10.0.0.0/8, not \"ten\"");
}

TEST(HostAddresses, ThisMachineHasLoopback) {
  bool loopback = false;
  for (const HostAddress& host : list_host_addresses()) loopback |= host.address == "127.0.0.1";
  EXPECT_TRUE(loopback);
}

}  // namespace
}  // namespace gstlk::net
