// SPDX-License-Identifier: LGPL-2.1-or-later
#include <glib/gstdio.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "loaded.h"

namespace gstlk::config {
namespace {

TEST(TurnConfig, EveryKeyOfLiveKitHasItsPlace) {
  const Loaded loaded = load(R"(
turn:
  enabled: true
  domain: turn.example.org
  cert_file: /cert.pem
  key_file: /key.pem
  tls_port: 5349
  udp_port: 3478
  relay_range_start: 1024
  relay_range_end: 2048
  external_tls: false
  bind_addresses: [192.0.2.1]
  per_user_relay_allocation_limit: 3
  ttl_seconds: 60
  allow_restricted_peer_cidrs: [10.0.0.0/8]
  deny_peer_cidrs: [192.0.2.0/24]
)");
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_TRUE(loaded.warnings.empty());
  const TurnConfig& turn = loaded.config->turn;
  EXPECT_TRUE(turn.enabled);
  EXPECT_EQ(turn.domain, "turn.example.org");
  EXPECT_EQ(turn.cert_file + turn.key_file, "/cert.pem/key.pem");
  EXPECT_EQ(turn.tls_port, 5349);
  EXPECT_EQ(turn.udp_port, 3478);
  EXPECT_EQ(turn.relay_range_start, 1024);
  EXPECT_EQ(turn.relay_range_end, 2048);
  EXPECT_EQ(turn.bind_addresses, std::vector<std::string>{"192.0.2.1"});
  EXPECT_EQ(turn.per_user_relay_allocation_limit, 3u);
  EXPECT_EQ(turn.ttl_seconds, 60u);
  EXPECT_EQ(turn.allow_restricted_peer_cidrs, std::vector<std::string>{"10.0.0.0/8"});
  EXPECT_EQ(turn.deny_peer_cidrs, std::vector<std::string>{"192.0.2.0/24"});
}

TEST(TurnConfig, WhatCannotWorkIsOneLineWithTheRemedy) {
  const std::pair<const char*, const char*> cases[] = {
      {"turn: {enabled: true}",
       "a.yaml:2: turn.enabled: needs turn.udp_port, like 3478, or turn.tls_port, like 5349"},
      {"turn: {enabled: true, tls_port: 5349}",
       "a.yaml:2: turn.tls_port: needs turn.domain beside it: the name that is in the certificate"},
      {"turn: {enabled: true, udp_port: 5349, tls_port: 5349, external_tls: true}",
       "a.yaml:2: turn.tls_port: expected another port than turn.udp_port, as turn.external_tls is "
       "set"},
      {"turn: {enabled: true, domain: a, tls_port: 7880, external_tls: true}",
       "a.yaml:2: turn.tls_port: expected another port than port, which has TCP 7880"},
      {"turn: {enabled: true, domain: a, tls_port: 7881, external_tls: true}",
       "a.yaml:2: turn.tls_port: expected another port than rtc.tcp_port, which has TCP 7881"},
      {"turn: {enabled: true, udp_port: 3478}\nprometheus: {port: 3478}",
       "a.yaml:2: turn.udp_port: expected another port than prometheus.port, which has TCP 3478"},
      {"turn: {enabled: true, domain: a, tls_port: 5349, cert_file: /a}",
       "a.yaml:2: turn.cert_file: needs turn.key_file beside it: the private key"},
      {"turn: {enabled: true, udp_port: 3478, relay_range_start: 5, relay_range_end: 4}",
       "a.yaml:2: turn.relay_range_end: expected a port that is not below turn.relay_range_start"},
      {"turn: {enabled: true, udp_port: 3478, secret: 'a\"b'}",
       "a.yaml:2: turn.secret: expected at most 256 letters, digits and signs, none of them \" or "
       "#, "
       "and no = in front"},
      {"turn: {enabled: true, udp_port: 3478, secret: '=ab'}",
       "a.yaml:2: turn.secret: expected at most 256 letters, digits and signs, none of them \" or "
       "#, "
       "and no = in front"},
      {"turn: {enabled: true, tls_port: 5349, domain: a, cert_file: 'a b.pem', key_file: a.key}",
       "a.yaml:2: turn.cert_file: expected a path of at most 256 letters, digits and signs, "
       "without "
       "spaces"},
      {"turn: {enabled: true, udp_port: 3478, secret_file: /nowhere}",
       "a.yaml:2: turn.secret_file: expected secret_file /nowhere to be readable"},
      {"rtc: {turn_servers: [{host: a}]}",
       "a.yaml:2: rtc.turn_servers: expected each server to have a secret, or a username and a "
       "credential"},
  };
  for (const auto& [yaml, error] : cases) EXPECT_EQ(load(yaml).error, error) << yaml;
}

TEST(TurnConfig, APortThatOthersHaveElsewhereIsFree) {
  for (const char* yaml : {// Only its UDP.
                           "port: 443\nturn: {enabled: true, udp_port: 443}",
                           "turn: {enabled: true, domain: a, tls_port: 7880, external_tls: true}\n"
                           "bind_addresses: [127.0.0.1, '::1']",
                           "turn: {enabled: true, udp_port: 7880, bind_addresses: [192.0.2.1]}\n"
                           "bind_addresses: [192.0.2.2]",
                           "turn: {enabled: false, udp_port: 7880}"}) {
    const Loaded loaded = load(yaml);
    EXPECT_TRUE(loaded.config) << loaded.error;
  }
  EXPECT_FALSE(load("turn: {enabled: true, udp_port: 7880, bind_addresses: [192.0.2.1]}\n"
                    "bind_addresses: [192.0.2.2, 192.0.2.1]")
                   .config);
}

TEST(TurnConfig, UdpAndTlsMayShareAPort) {
  const Loaded loaded = load(
      "turn: {enabled: true, domain: a, tls_port: 443, udp_port: 443, cert_file: /a, key_file: "
      "/b}");
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_EQ(loaded.config->turn.tls_port, 443);
  EXPECT_EQ(loaded.config->turn.udp_port, 443);
}

TEST(TurnConfig, WithoutACertificateThereIsStillUdp) {
  const Loaded loaded = load("turn: {enabled: true, domain: a, tls_port: 5349, udp_port: 3478}");
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_TRUE(loaded.config->turn.enabled);
  EXPECT_EQ(loaded.config->turn.tls_port, 0);
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_TRUE(loaded.warnings[0].starts_with(
      "a.yaml:2: turn.tls_port: TURN over TLS is not offered without a certificate"));
  EXPECT_FALSE(load("turn: {enabled: true, domain: a, tls_port: 5349}").config->turn.enabled);
}

TEST(TurnConfig, TheCertificateOfTheApiIsGoodEnough) {
  const Loaded loaded = load(
      "turn: {enabled: true, domain: a, tls_port: 5349}\n"
      "tls: {cert_file: /api.pem, key_file: /api.key}");
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_EQ(loaded.config->turn.cert_file, "/api.pem");
  EXPECT_EQ(loaded.config->turn.key_file, "/api.key");
  EXPECT_EQ(loaded.config->turn.tls_port, 5349);
}

TEST(TurnConfig, TheLifeOfCredentialsIsBounded) {
  const Loaded zero = load(
      "turn: {enabled: true, udp_port: 3478, ttl_seconds: 0}\n"
      "rtc: {turn_servers: [{host: a, secret: s, ttl: 0}]}");
  EXPECT_EQ(zero.config->turn.ttl_seconds, 300u);
  EXPECT_EQ(zero.config->rtc.turn_servers[0].ttl_seconds, 14400u);
  const Loaded less = load(
      "turn: {enabled: true, udp_port: 3478, ttl_seconds: -1, per_user_relay_allocation_limit: "
      "-1}");
  ASSERT_TRUE(less.config) << less.error;
  EXPECT_EQ(less.config->turn.ttl_seconds, 300u);
  EXPECT_EQ(less.config->turn.per_user_relay_allocation_limit, 0u);
  EXPECT_FALSE(load("turn: {ttl_seconds: -x}").config);
  const Loaded many = load(
      "turn: {enabled: true, udp_port: 3478, ttl_seconds: 100000}\n"
      "rtc: {turn_servers: [{host: a, secret: s, ttl: 100000}]}");
  EXPECT_EQ(many.config->turn.ttl_seconds, 86400u);
  EXPECT_EQ(many.config->rtc.turn_servers[0].ttl_seconds, 86400u);
  EXPECT_EQ(many.warnings.size(), 2u);
}

TEST(TurnConfig, ASecretFileIsForNobodyElse) {
  char path[] = "/tmp/turn-secret-XXXXXX";
  close(g_mkstemp(path));
  g_file_set_contents(path, " north \n", -1, nullptr);
  const std::string yaml =
      std::string("turn: {enabled: true, udp_port: 3478, secret_file: ") + path + "}";
  g_chmod(path, 0600);
  EXPECT_EQ(load(yaml).config->turn.secret, "north");
  g_chmod(path, 0644);
  EXPECT_EQ(load(yaml).error, std::string("a.yaml:2: turn.secret_file: expected secret_file ") +
                                  path + " to be read by nobody else; run: chmod o= " + path);
  g_unlink(path);
}

}  // namespace
}  // namespace gstlk::config
