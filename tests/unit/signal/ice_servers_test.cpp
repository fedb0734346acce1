// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/ice_servers.h"

#include <gtest/gtest.h>

namespace gstlk::signal {
namespace {

constexpr livekit::UnixTime kNow{std::chrono::seconds(1'700'000'000)};
const ParticipantId kAda{"PA_ada"};

config::TurnServer turn(const char* host, uint16_t port, const char* protocol) {
  config::TurnServer server;
  server.host = host;
  server.port = port;
  server.protocol = protocol;
  return server;
}

TEST(IceServers, NothingConfiguredIsAnEmptyList) {
  EXPECT_TRUE(ice_servers({}, {}, kAda, kNow).empty());
}

TEST(IceServers, StunServersComeAfterThoseThatRelay) {
  config::RtcConfig config;
  config.stun_servers = {"stun.example.org:3478", "stun:other.example.org"};
  const auto servers = ice_servers({}, config, kAda, kNow);
  ASSERT_EQ(servers.size(), 1u);
  EXPECT_EQ(servers[0].urls,
            (std::vector<std::string>{"stun:stun.example.org:3478", "stun:other.example.org"}));
  config.turn_servers = {turn("turn.example.org", 3478, "udp")};
  config.turn_servers[0].secret = "north";
  const auto both = ice_servers({}, config, kAda, kNow);
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].urls[0], "turn:turn.example.org:3478?transport=udp");
  EXPECT_EQ(both[1].urls[0], "stun:stun.example.org:3478");
}

TEST(IceServers, EachTurnProtocolHasItsUrl) {
  config::RtcConfig config;
  config.turn_servers = {turn("a", 1, "udp"), turn("b", 2, "tcp"), turn("c", 443, "tls"),
                         turn("2001:db8::1", 3, "udp")};
  const auto servers = ice_servers({}, config, kAda, kNow);
  ASSERT_EQ(servers.size(), 4u);
  EXPECT_EQ(servers[0].urls[0], "turn:a:1?transport=udp");
  EXPECT_EQ(servers[1].urls[0], "turn:b:2?transport=tcp");
  EXPECT_EQ(servers[2].urls[0], "turns:c:443?transport=tcp");
  EXPECT_EQ(servers[3].urls[0], "turn:[2001:db8::1]:3?transport=udp");
}

TEST(IceServers, FixedCredentialsArePassedOn) {
  config::RtcConfig config;
  config.turn_servers = {turn("a", 1, "udp")};
  config.turn_servers[0].username = "user";
  config.turn_servers[0].credential = "pass";
  const auto servers = ice_servers({}, config, kAda, kNow);
  EXPECT_EQ(servers[0].username, "user");
  EXPECT_EQ(servers[0].credential, "pass");
}

TEST(IceServers, ASecretMakesCredentialsThatEnd) {
  config::RtcConfig config;
  config.turn_servers = {turn("a", 1, "udp")};
  config.turn_servers[0].secret = "north";
  config.turn_servers[0].ttl_seconds = 3600;
  const auto servers = ice_servers({}, config, kAda, kNow);
  EXPECT_EQ(servers[0].username, "1700003600:PA_ada");
  // printf '1700003600:PA_ada' | openssl dgst -sha1 -hmac north -binary | base64
  EXPECT_EQ(servers[0].credential, "1TMGIIyPH52jgBKJA2UpOqsxiAA=");
}

TEST(IceServers, OurOwnIsOneServerWithAllItsUrls) {
  const OwnTurn own{
      {"turn:a:1?transport=udp"}, {"turns:a:2?transport=tcp"}, "north", std::chrono::seconds(3600)};
  const auto servers = ice_servers(own, {}, kAda, kNow);
  ASSERT_EQ(servers.size(), 1u);
  EXPECT_EQ(servers[0].urls,
            (std::vector<std::string>{"turn:a:1?transport=udp", "turns:a:2?transport=tcp"}));
  EXPECT_EQ(servers[0].username, "1700003600:PA_ada");
  EXPECT_EQ(servers[0].credential, "1TMGIIyPH52jgBKJA2UpOqsxiAA=");
}

TEST(IceServers, WhoNeedsTlsIsToldOfNothingElse) {
  const OwnTurn own{{"turn:a:1?transport=udp"}, {"turns:a:2?transport=tcp"}, "north"};
  config::RtcConfig config;
  config.stun_servers = {"stun.example.org"};
  config.turn_servers = {turn("b", 3, "udp"), turn("c", 4, "tls")};
  const auto servers = ice_servers(own, config, kAda, kNow, true);
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(servers[0].urls, std::vector<std::string>{"turns:a:2?transport=tcp"});
  EXPECT_EQ(servers[1].urls, std::vector<std::string>{"turns:c:4?transport=tcp"});
  EXPECT_TRUE(has_tls(own, {}));
  EXPECT_TRUE(has_tls({}, config));
  EXPECT_FALSE(has_tls({{"turn:a:1?transport=udp"}, {}, "north"}, {}));
}

}  // namespace
}  // namespace gstlk::signal
