// SPDX-License-Identifier: LGPL-2.1-or-later
#include "doctor/checks.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace gstlk::doctor {
namespace {

constexpr time_t kNow = 1'800'000'000;

std::vector<std::string> texts(const std::vector<Port>& ports) {
  std::vector<std::string> out;
  for (const Port& port : ports) out.push_back(port.to_text());
  return out;
}

TEST(DoctorFinding, IsOneLineWithWhatToChange) {
  EXPECT_EQ(print(ok("clock: synchronized")), "ok    clock: synchronized");
  EXPECT_EQ(print(warn("TURN: none", "name one")), "warn  TURN: none — name one");
  EXPECT_EQ(print(broken("TCP 80: in use", "stop it")), "fail  TCP 80: in use — stop it");
}

TEST(DoctorUser, RootIsToldToAskAsTheService) {
  EXPECT_EQ(check_user(1000), ok("user: not root"));
  EXPECT_EQ(check_user(0).verdict, Verdict::Warn);
  EXPECT_NE(check_user(0).remedy.find("runuser -u livekit-sfu -- livekit-sfu doctor"),
            std::string::npos);
}

TEST(DoctorPorts, AreAllThatTheConfigurationOpens) {
  config::Config config;
  config.prometheus.port = 6789;
  config.rtc.udp_ports = {7882, 7883};
  EXPECT_EQ(
      texts(list_ports(config, {"192.0.2.1", "2001:db8::1"})),
      (std::vector<std::string>{"TCP 7880", "TCP 6789", "UDP 192.0.2.1 7882", "UDP 192.0.2.1 7883",
                                "TCP 192.0.2.1 7881", "UDP 2001:db8::1 7882",
                                "UDP 2001:db8::1 7883", "TCP 2001:db8::1 7881"}));
  config.bind_addresses = {"127.0.0.1", "::1"};
  config.prometheus.port = 0;
  config.rtc.force_tcp = true;
  EXPECT_EQ(texts(list_ports(config, {"192.0.2.1"})),
            (std::vector<std::string>{"TCP 127.0.0.1 7880", "TCP ::1 7880", "TCP 192.0.2.1 7881"}));
  config.rtc.force_tcp = false;
  config.rtc.tcp_port = 0;
  EXPECT_EQ(texts(list_ports(config, {"192.0.2.1"})).back(), "UDP 192.0.2.1 7883");
}

TEST(DoctorPorts, EachReasonHasItsRemedy) {
  const Port port{true, "", 443, "signalling", "port"};
  EXPECT_EQ(check_port(port, 0), ok("TCP 443, signalling: free"));
  EXPECT_EQ(check_port(port, EADDRINUSE).verdict, Verdict::Fail);
  EXPECT_NE(check_port(port, EADDRINUSE).remedy.find("set port to another"), std::string::npos);
  EXPECT_NE(check_port(port, EACCES).remedy.find("CAP_NET_BIND_SERVICE"), std::string::npos);
  EXPECT_NE(check_port(port, EADDRNOTAVAIL).remedy.find("bind_addresses"), std::string::npos);
  EXPECT_EQ(check_port(port, EMFILE).verdict, Verdict::Fail);
}

Verdict addresses(const std::string& node_ip, const std::vector<std::string>& hosts) {
  config::RtcConfig rtc;
  rtc.node_ip = node_ip;
  return check_addresses(rtc, hosts).verdict;
}

TEST(DoctorAddresses, PublicOnesAreGood) {
  EXPECT_EQ(addresses("", {"203.0.113.7"}), Verdict::Ok);
  EXPECT_EQ(addresses("", {"10.0.0.1", "203.0.113.7"}), Verdict::Ok);
  EXPECT_EQ(addresses("", {"2001:db8::1"}), Verdict::Ok);
}

TEST(DoctorAddresses, PrivateOnesAloneReachFewClients) {
  for (const char* host : {"10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1",
                           "127.0.0.1", "fd00::1", "::1"}) {
    EXPECT_EQ(addresses("", {host}), Verdict::Warn) << host;
  }
  EXPECT_EQ(addresses("", {"172.32.0.1"}), Verdict::Ok);
  EXPECT_EQ(addresses("", {"10.0.0.1", "2001:db8::1"}), Verdict::Warn);
}

TEST(DoctorAddresses, NodeIpIsToldInsteadOfIpv4) {
  EXPECT_EQ(addresses("203.0.113.7", {"10.0.0.1"}), Verdict::Ok);
  EXPECT_EQ(addresses("10.0.0.9", {"203.0.113.7"}), Verdict::Warn);
  EXPECT_EQ(addresses("sfu.example.org", {"203.0.113.7"}), Verdict::Fail);
  config::RtcConfig rtc;
  rtc.node_ip = "203.0.113.7";
  EXPECT_EQ(check_addresses(rtc, {"10.0.0.1", "2001:db8::1"}),
            ok("addresses: clients are told 203.0.113.7, 2001:db8::1"));
}

TEST(DoctorAddresses, WhatStunServersSayIsToldInsteadOfLocalOnes) {
  config::RtcConfig rtc;
  rtc.node_ip = "203.0.113.9";
  const net::ExternalAddresses found{{"10.0.0.1", "203.0.113.7"}};
  EXPECT_EQ(check_addresses(rtc, {"10.0.0.1", "172.17.0.1"}, found),
            ok("addresses: clients are told 203.0.113.7, 172.17.0.1"));
  rtc.external_ip_only = true;
  EXPECT_EQ(check_addresses(rtc, {"10.0.0.1", "172.17.0.1"}, found),
            ok("addresses: clients are told 203.0.113.7"));
  EXPECT_EQ(check_external_addresses({found, ""}), ok("external address: 203.0.113.7 of 10.0.0.1"));
  EXPECT_EQ(check_external_addresses({{{"203.0.113.7", "203.0.113.7"}}, ""}),
            ok("external address: 203.0.113.7, without a NAT"));
}

TEST(DoctorAddresses, WhereNoStunServerAnswersNodeIpIsTold) {
  config::RtcConfig rtc;
  rtc.node_ip = "203.0.113.9";
  EXPECT_EQ(check_addresses(rtc, {"10.0.0.1"}, {}), ok("addresses: clients are told 203.0.113.9"));
  const Finding finding = check_external_addresses({{}, "stun.example.org: no answer"});
  EXPECT_EQ(finding.verdict, Verdict::Warn);
  EXPECT_EQ(finding.what, "external address: no STUN server says it (stun.example.org: no answer)");
}

TEST(DoctorAddresses, NoneIsNoMedia) { EXPECT_EQ(addresses("", {}), Verdict::Fail); }

TEST(DoctorTurn, ServersOfOthersAreNamedAndNeedCredentials) {
  config::Config config;
  EXPECT_EQ(check_turn(config, true).verdict, Verdict::Warn);
  config::TurnServer server;
  server.host = "turn.example.org";
  server.port = 443;
  server.protocol = "tls";
  server.username = "who";
  config.rtc.turn_servers = {server};
  EXPECT_EQ(check_turn(config, false).verdict, Verdict::Fail);
  config.rtc.turn_servers[0].credential = "hidden";
  EXPECT_EQ(check_turn(config, false), ok("TURN: turn.example.org:443 (tls)"));
  config.rtc.turn_servers[0] = {};
  EXPECT_EQ(check_turn(config, false).verdict, Verdict::Fail);
}

TEST(DoctorTurn, TheOwnServerNeedsCoturnAndShouldHaveTls) {
  config::Config config;
  config.turn.enabled = true;
  config.turn.udp_port = 3478;
  EXPECT_EQ(check_turn(config, false).verdict, Verdict::Fail);
  EXPECT_NE(check_turn(config, false).remedy.find("coturn"), std::string::npos);
  EXPECT_EQ(check_turn(config, true).verdict, Verdict::Warn);
  config.turn.tls_port = 5349;
  EXPECT_EQ(check_turn(config, true), ok("TURN: own server, UDP and TCP 3478, TLS 5349"));
  config.turn.udp_port = 443;
  EXPECT_EQ(check_turn(config, true), ok("TURN: own server, UDP 443, TLS 5349"));
  config.turn.udp_port = 3478;
  EXPECT_EQ(texts(list_ports(config, {"192.0.2.1"})),
            (std::vector<std::string>{"TCP 7880", "UDP 192.0.2.1 3478", "TCP 192.0.2.1 5349",
                                      "UDP 192.0.2.1 7882", "TCP 192.0.2.1 7881"}));
  config.turn.bind_addresses = {"192.0.2.2"};
  EXPECT_EQ(texts(list_ports(config, {"192.0.2.1"}))[1], "UDP 192.0.2.2 3478");
}

TEST(DoctorSocketBuffers, TooSmallOnesNameTheSysctl) {
  EXPECT_EQ(check_socket_buffer("receive", "net.core.rmem_max", 4096, 4096).verdict, Verdict::Ok);
  const Finding finding = check_socket_buffer("receive", "net.core.rmem_max", 212'992, 4'194'304);
  EXPECT_EQ(finding.verdict, Verdict::Warn);
  EXPECT_NE(finding.remedy.find("sysctl -w net.core.rmem_max=4194304"), std::string::npos);
}

TEST(DoctorOpenFiles, AreCountedAfterTheWorkersSockets) {
  EXPECT_EQ(check_open_files(65'536, 100).verdict, Verdict::Ok);
  EXPECT_EQ(check_open_files(1024, 100).verdict, Verdict::Warn);
  EXPECT_EQ(check_open_files(256, 100).verdict, Verdict::Fail);
  EXPECT_EQ(check_open_files(4096, 4000).verdict, Verdict::Fail);
}

TEST(DoctorKeys, ShortSecretsAreNamedWithoutBeingTold) {
  config::Config config;
  config.keys = {{"long", std::string(32, 'x')}, {"short", "hunter2"}};
  const Findings findings = check_keys(config);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0], ok("keys: long"));
  EXPECT_EQ(findings[1].verdict, Verdict::Warn);
  EXPECT_EQ(print(findings[1]).find("hunter2"), std::string::npos);
  config.development = true;
  EXPECT_EQ(check_keys(config)[1].verdict, Verdict::Ok);
}

TEST(DoctorClock, IsKeptRightBySomething) {
  EXPECT_EQ(check_clock(kNow, true).verdict, Verdict::Ok);
  EXPECT_EQ(check_clock(kNow, false).verdict, Verdict::Warn);
  EXPECT_EQ(check_clock(1000, true).verdict, Verdict::Fail);
}

}  // namespace
}  // namespace gstlk::doctor
