// SPDX-License-Identifier: LGPL-2.1-or-later
#include "turn/turn_settings.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gstlk::turn {
namespace {

using Texts = std::vector<std::string>;

config::Config turn_config() {
  config::Config config;
  config.turn.enabled = true;
  config.turn.domain = "turn.example.org";
  config.turn.udp_port = 3478;
  config.turn.tls_port = 5349;
  return config;
}

const SfuAddresses kPublic{.local = {"192.0.2.1", "127.0.0.1", "2001:db8::1"},
                           .advertised = {"192.0.2.1", "2001:db8::1", "127.0.0.1"}};

TurnSettings settings_of(const config::Config& config, const SfuAddresses& sfu = kPublic) {
  auto settings = turn_settings(config, sfu, "random");
  EXPECT_TRUE(settings) << settings.error().message;
  return *settings;
}

Texts print(const std::vector<IpRange>& ranges) {
  Texts texts;
  for (const IpRange& range : ranges) texts.push_back(range.to_text());
  return texts;
}

bool denies(const TurnSettings& settings, const char* address) {
  const auto one = IpRange::parse(address);
  const auto hit = [&](const IpRange& range) { return range.overlaps(*one); };
  return !std::ranges::any_of(settings.allowed, hit) && std::ranges::any_of(settings.denied, hit);
}

TEST(TurnSettings, ThePortsAreTheRealOnes) {
  const TurnSettings settings = settings_of(turn_config());
  EXPECT_EQ(settings.plain_urls,
            (Texts{"turn:192.0.2.1:3478?transport=udp", "turn:[2001:db8::1]:3478?transport=udp",
                   "turn:192.0.2.1:3478?transport=tcp", "turn:[2001:db8::1]:3478?transport=tcp"}));
  EXPECT_EQ(settings.tls_urls, Texts{"turns:turn.example.org:5349?transport=tcp"});
  EXPECT_EQ(settings.listen, kPublic.local);
}

TEST(TurnSettings, WhereSomethingElseTakesTlsOffItIs443) {
  config::Config config = turn_config();
  config.turn.external_tls = true;
  EXPECT_EQ(settings_of(config).tls_urls, Texts{"turns:turn.example.org:443?transport=tcp"});
  EXPECT_FALSE(settings_of(config).tcp);
}

TEST(TurnSettings, TcpIsLeftToAWebServer) {
  config::Config config = turn_config();
  config.turn.udp_port = 443;
  const TurnSettings settings = settings_of(config);
  EXPECT_FALSE(settings.tcp);
  EXPECT_EQ(settings.plain_urls,
            (Texts{"turn:192.0.2.1:443?transport=udp", "turn:[2001:db8::1]:443?transport=udp"}));
}

TEST(TurnSettings, TcpOnAPortThatTlsHasIsTls) {
  config::Config config = turn_config();
  config.turn.tls_port = 3478;
  const TurnSettings settings = settings_of(config);
  EXPECT_FALSE(settings.tcp);
  EXPECT_EQ(settings.plain_urls,
            (Texts{"turn:192.0.2.1:3478?transport=udp", "turn:[2001:db8::1]:3478?transport=udp"}));
  EXPECT_EQ(settings.tls_urls, Texts{"turns:turn.example.org:3478?transport=tcp"});
}

TEST(TurnSettings, BehindANatClientsAreToldTheOutside) {
  const SfuAddresses nat{.local = {"10.0.0.5", "127.0.0.1"},
                         .advertised = {"198.51.100.9", "127.0.0.1"},
                         .node_ip = "198.51.100.9"};
  const TurnSettings settings = settings_of(turn_config(), nat);
  EXPECT_EQ(settings.plain_urls[0], "turn:198.51.100.9:3478?transport=udp");
  ASSERT_EQ(settings.mapped.size(), 1u);
  EXPECT_EQ(settings.mapped[0], (std::pair<std::string, std::string>("198.51.100.9", "10.0.0.5")));
  EXPECT_FALSE(denies(settings, "10.0.0.5"));
  EXPECT_TRUE(denies(settings, "10.0.0.6"));
}

TEST(TurnSettings, WhatIsFoundOutOfAnAddressGoesBeforeNodeIp) {
  const SfuAddresses nat{.local = {"10.0.0.5", "10.1.0.5", "2001:db8::1"},
                         .advertised = {"203.0.113.1", "198.51.100.9", "2001:db8::1"},
                         .node_ip = "198.51.100.9",
                         .external = {{"10.0.0.5", "203.0.113.1"}}};
  const TurnSettings settings = settings_of(turn_config(), nat);
  EXPECT_EQ(settings.mapped, (std::vector<std::pair<std::string, std::string>>{
                                 {"203.0.113.1", "10.0.0.5"}, {"198.51.100.9", "10.1.0.5"}}));
  EXPECT_EQ(settings.plain_urls[0], "turn:203.0.113.1:3478?transport=udp");
}

TEST(TurnSettings, LoopbackIsForWhoHasNothingElse) {
  const SfuAddresses test{
      .local = {"127.0.0.1"}, .advertised = {"127.0.0.1"}, .node_ip = "127.0.0.1"};
  const TurnSettings settings = settings_of(turn_config(), test);
  EXPECT_EQ(settings.plain_urls[0], "turn:127.0.0.1:3478?transport=udp");
  EXPECT_TRUE(settings.mapped.empty());
  EXPECT_FALSE(denies(settings, "127.0.0.1"));
  EXPECT_TRUE(denies(settings, "127.0.0.2"));
}

TEST(TurnSettings, OnlyTheSfuIsReachedOfWhatIsNotPublic) {
  const TurnSettings settings = settings_of(turn_config());
  for (const char* address :
       {"10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "127.0.0.2",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "fe80::1", "fd00::1", "ff02::1",
        "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"})
    EXPECT_TRUE(denies(settings, address)) << address;
  for (const char* address : {"127.0.0.1", "192.0.2.1", "2001:db8::1", "198.51.100.1", "2a00::1"})
    EXPECT_FALSE(denies(settings, address)) << address;
}

TEST(TurnSettings, AllowedNetworksAreReachedAndDeniedOnesWin) {
  config::Config config = turn_config();
  config.turn.allow_restricted_peer_cidrs = {"10.0.0.0/8"};
  config.turn.deny_peer_cidrs = {"10.1.0.0/16", "192.0.2.0/24", "198.51.100.0/24"};
  const TurnSettings settings = settings_of(config);
  EXPECT_FALSE(denies(settings, "10.0.0.1"));
  EXPECT_TRUE(denies(settings, "10.1.0.1"));
  EXPECT_TRUE(denies(settings, "198.51.100.1"));
  EXPECT_TRUE(denies(settings, "192.0.2.1"));  // LiveKit's TestTurnRelay: even the SFU itself
  EXPECT_EQ(print(settings.allowed)[0], "10.0.0.0-10.0.255.255");
}

TEST(TurnSettings, WrongNetworksAndAddressesAreNamed) {
  const std::pair<void (*)(config::TurnConfig&), const char*> cases[] = {
      {[](config::TurnConfig& turn) { turn.deny_peer_cidrs = {"x"}; },
       "turn.deny_peer_cidrs: expected a network like 10.0.0.0/8, not \"x\""},
      {[](config::TurnConfig& turn) { turn.allow_restricted_peer_cidrs = {"10.0.0.1/8"}; },
       "turn.allow_restricted_peer_cidrs: expected a network like 10.0.0.0/8, not \"10.0.0.1/8\""},
      {[](config::TurnConfig& turn) { turn.bind_addresses = {"eth0"}; },
       "turn.bind_addresses: expected addresses like 0.0.0.0, not \"eth0\""},
  };
  for (const auto& [change, error] : cases) {
    config::Config config = turn_config();
    change(config.turn);
    EXPECT_EQ(turn_settings(config, kPublic, "").error().message, error);
  }
}

TEST(TurnSettings, BindAddressesChooseWhatIsListenedOn) {
  config::Config config = turn_config();
  config.turn.bind_addresses = {"0.0.0.0"};
  EXPECT_EQ(settings_of(config).listen, (Texts{"192.0.2.1", "127.0.0.1"}));
  config.turn.bind_addresses = {"203.0.113.1"};
  const TurnSettings other = settings_of(config);
  EXPECT_EQ(other.listen, Texts{"203.0.113.1"});
  EXPECT_EQ(other.plain_urls[0], "turn:203.0.113.1:3478?transport=udp");
}

TEST(TurnSettings, TheSecretIsTheAdministratorsOrRandom) {
  config::Config config = turn_config();
  EXPECT_EQ(settings_of(config).secret, "random");
  config.turn.secret = "north";
  EXPECT_EQ(settings_of(config).secret, "north");
}

}  // namespace
}  // namespace gstlk::turn
