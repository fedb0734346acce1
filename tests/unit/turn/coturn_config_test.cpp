// SPDX-License-Identifier: LGPL-2.1-or-later
#include "turn/coturn_config.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace gstlk::turn {
namespace {

TurnSettings settings() {
  TurnSettings settings;
  settings.listen = {"192.0.2.1", "2001:db8::1"};
  settings.udp_port = 3478;
  settings.tcp = true;
  settings.tls_port = 5349;
  settings.cert_file = "/cert.pem";
  settings.key_file = "/key.pem";
  settings.relay_first = 30000;
  settings.relay_last = 30099;
  settings.user_quota = 12;
  settings.secret = "north";
  settings.allowed = {*IpRange::parse("192.0.2.1")};
  settings.denied = {*IpRange::parse("10.0.0.0/8")};
  return settings;
}

std::multiset<std::string> lines(const TurnSettings& settings) {
  std::istringstream text(coturn_config(settings, "/folder"));
  std::multiset<std::string> out;
  for (std::string line; std::getline(text, line);) out.insert(line);
  return out;
}

TEST(CoturnConfig, EverythingIsSaidOnce) {
  const auto found = lines(settings());
  for (const char* line : {"listening-ip=192.0.2.1",
                           "listening-ip=2001:db8::1",
                           "listening-port=3478",
                           "tls-listening-port=5349",
                           "cert=/cert.pem",
                           "pkey=/key.pem",
                           "min-port=30000",
                           "max-port=30099",
                           "total-quota=100",
                           "user-quota=12",
                           "use-auth-secret",
                           "static-auth-secret=north",
                           "realm=livekit",
                           "allowed-peer-ip=192.0.2.1-192.0.2.1",
                           "denied-peer-ip=10.0.0.0-10.255.255.255",
                           "userdb=/folder/turndb",
                           "pidfile=/folder/pid",
                           "no-cli",
                           "no-tcp-relay",
                           "no-multicast-peers"})
    EXPECT_EQ(found.count(line), 1u) << line;
  for (const char* line : {"no-udp", "no-tcp", "no-tls", "allow-loopback-peers"})
    EXPECT_EQ(found.count(line), 0u) << line;
}

TEST(CoturnConfig, LoopbackPeersNeedTheFlagAsWell) {
  TurnSettings local = settings();
  local.allowed = {*IpRange::parse("127.0.0.1")};
  EXPECT_EQ(lines(local).count("allow-loopback-peers"), 1u);
}

TEST(CoturnConfig, WhatIsNotConfiguredIsNotListenedOn) {
  TurnSettings udp = settings();
  udp.tcp = false;
  udp.tls_port = 0;
  EXPECT_EQ(lines(udp).count("no-tcp"), 1u);
  EXPECT_EQ(lines(udp).count("no-tls"), 1u);
  TurnSettings tls = settings();
  tls.tcp = false;
  tls.udp_port = 0;
  EXPECT_EQ(lines(tls).count("no-udp"), 1u);
  EXPECT_EQ(lines(tls).count("no-tcp"), 1u);
  EXPECT_EQ(lines(tls).count("no-tls"), 0u);
}

TEST(CoturnConfig, WithTlsTakenOffTcpIsOnlyWhereThatComesFrom) {
  TurnSettings both = settings();
  both.external_tls = true;
  both.tcp = false;
  both.udp_port = 443;
  EXPECT_TRUE(needs_certificate(both));
  for (const char* line : {"listening-port=5349", "tls-listening-port=443", "no-tls",
                           "cert=/folder/throwaway.pem", "pkey=/folder/throwaway.pem"})
    EXPECT_EQ(lines(both).count(line), 1u) << line;
  for (const char* line : {"no-tcp", "no-dtls", "no-udp"})
    EXPECT_EQ(lines(both).count(line), 0u) << line;
  both.udp_port = 0;
  EXPECT_FALSE(needs_certificate(both));
  for (const char* line : {"listening-port=5349", "no-tls", "no-udp", "no-dtls"})
    EXPECT_EQ(lines(both).count(line), 1u) << line;
  EXPECT_EQ(lines(both).count("no-tcp"), 0u);
}

TEST(CoturnConfig, NoRangeIsOpenAtAnEnd) {
  TurnSettings wide = settings();
  wide.allowed = {*IpRange::parse("0.0.0.0"), *IpRange::parse("::"), *IpRange::parse("::/0")};
  wide.denied = {*IpRange::parse("0.0.0.0/8"), *IpRange::parse("::/96")};
  std::multiset<std::string> peers;
  for (const std::string& line : lines(wide)) {
    if (line.find("-peer-ip") != std::string::npos) peers.insert(line);
  }
  EXPECT_EQ(peers,
            (std::multiset<std::string>{
                "allowed-peer-ip=::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "denied-peer-ip=0.0.0.1-0.255.255.255", "denied-peer-ip=::1-::255.255.255.255"}));
}

TEST(CoturnConfig, ANatIsAPairOfAddresses) {
  TurnSettings nat = settings();
  nat.mapped = {{"198.51.100.9", "10.0.0.5"}};
  EXPECT_EQ(lines(nat).count("external-ip=198.51.100.9/10.0.0.5"), 1u);
}

TEST(CoturnConfig, NoQuotaIsNoLine) {
  TurnSettings any = settings();
  any.user_quota = 0;
  EXPECT_EQ(coturn_config(any, "/folder").find("user-quota"), std::string::npos);
}

}  // namespace
}  // namespace gstlk::turn
