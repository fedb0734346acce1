// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "loaded.h"

namespace gstlk::config {
namespace {

TEST(LimitConfig, NothingIsLimitedByDefault) {
  const Loaded loaded = load("");
  ASSERT_TRUE(loaded.config) << loaded.error;
  const LimitConfig& limit = loaded.config->limit;
  EXPECT_EQ(limit.num_tracks, 0u);
  EXPECT_EQ(limit.bytes_per_sec, 0);
  EXPECT_TRUE(limit.allowed_origins.empty());
  EXPECT_EQ(limit.joins_per_minute, 0u);
  EXPECT_EQ(limit.api_requests_per_second, 0u);
  EXPECT_EQ(limit.publish_bitrate, 0u);
  EXPECT_EQ(limit.data_bytes_per_second, 0u);
  EXPECT_FALSE(limit.revoke_tokens_of_removed);
}

TEST(LimitConfig, EachLimitIsRead) {
  const Loaded loaded = load(R"(
limit:
  num_tracks: 400
  bytes_per_sec: 1.5e8
  allowed_origins: ["https://app.example.org:8443", "https://*.example.org"]
  trusted_proxies: [10.0.0.0/8, "fd00::1"]
  joins_per_minute: 30
  api_requests_per_second: 20
  publish_bitrate: 3000000
  data_bytes_per_second: 100000
  revoke_tokens_of_removed: true
)");
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_TRUE(loaded.warnings.empty());
  const LimitConfig& limit = loaded.config->limit;
  EXPECT_EQ(limit.num_tracks, 400u);
  EXPECT_EQ(limit.bytes_per_sec, 1.5e8);
  EXPECT_EQ(limit.allowed_origins.size(), 2u);
  EXPECT_EQ(limit.trusted_proxies.size(), 2u);
  EXPECT_EQ(limit.joins_per_minute, 30u);
  EXPECT_EQ(limit.api_requests_per_second, 20u);
  EXPECT_EQ(limit.publish_bitrate, 3'000'000u);
  EXPECT_EQ(limit.data_bytes_per_second, 100'000u);
  EXPECT_TRUE(limit.revoke_tokens_of_removed);
}

TEST(LimitConfig, AnOriginIsASchemeAndAHost) {
  for (const char* wrong :
       {"app.example.org", "*", "https://", "https://a.org/path", "https://a.*.org", "://a.org"}) {
    const Loaded loaded = load(std::string("limit: {allowed_origins: [\"") + wrong + "\"]}");
    EXPECT_FALSE(loaded.config) << wrong;
    EXPECT_NE(loaded.error.find("limit.allowed_origins"), std::string::npos) << loaded.error;
    EXPECT_NE(loaded.error.find("https://app.example.org"), std::string::npos) << loaded.error;
  }
  const Loaded port =
      load("limit: {allowed_origins: [\"https://a.org:443\", \"http://a.org:443\"]}");
  ASSERT_TRUE(port.config) << port.error;
  EXPECT_EQ(port.config->limit.allowed_origins,
            (std::vector<std::string>{"https://a.org", "http://a.org:443"}));
  const Loaded slash = load("limit: {allowed_origins: [\"https://a.org/\"]}");
  ASSERT_TRUE(slash.config) << slash.error;
  EXPECT_EQ(slash.config->limit.allowed_origins.front(), "https://a.org");
  EXPECT_EQ(slash.warnings.size(), 1u);
}

TEST(LimitConfig, AProxyIsAnAddressOrANetwork) {
  const Loaded loaded = load("limit: {trusted_proxies: [proxy.example.org]}");
  EXPECT_FALSE(loaded.config);
  EXPECT_NE(loaded.error.find("10.0.0.0/8"), std::string::npos) << loaded.error;
}

TEST(LimitConfig, WhatIsTooLittleIsSaid) {
  const Loaded loaded = load("limit: {publish_bitrate: 3000, data_bytes_per_second: 100}");
  ASSERT_TRUE(loaded.config) << loaded.error;
  ASSERT_EQ(loaded.warnings.size(), 2u);
  EXPECT_NE(loaded.warnings[0].find("a voice needs"), std::string::npos);
  EXPECT_NE(loaded.warnings[1].find("bytes per second"), std::string::npos);
}

TEST(AudioConfig, IsRead) {
  const Loaded loaded = load(
      "audio: {active_level: 30, min_percentile: 20, update_interval: 500, smooth_intervals: 0}");
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_TRUE(loaded.warnings.empty());
  const AudioConfig& audio = loaded.config->audio;
  EXPECT_EQ(audio.active_level, 30u);
  EXPECT_EQ(audio.min_percentile, 20u);
  EXPECT_EQ(audio.update_interval, 500ms);
  EXPECT_EQ(audio.smooth_intervals, 0u);
}

TEST(AudioConfig, WhatCannotBeIsRefused) {
  EXPECT_NE(load("audio: {active_level: 200}").error.find("0 to 127 -dBov, not 200"),
            std::string::npos);
  EXPECT_NE(load("audio: {min_percentile: 101}").error.find("audio.min_percentile"),
            std::string::npos);
  EXPECT_NE(load("audio: {smooth_intervals: 256}").error.find("0 to 255"), std::string::npos);
  // It would be asked for without a pause.
  EXPECT_NE(load("audio: {update_interval: 0}").error.find("20 to 60000 milliseconds, not 0"),
            std::string::npos);
}

TEST(PliThrottleConfig, IsRead) {
  const Loaded loaded =
      load("rtc: {pli_throttle: {low_quality: 500ms, mid_quality: 1s, high_quality: 2s}}");
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_TRUE(loaded.warnings.empty());
  EXPECT_EQ(loaded.config->rtc.pli_throttle.low_quality, 500ms);
  EXPECT_EQ(loaded.config->rtc.pli_throttle.mid_quality, 1s);
  EXPECT_EQ(loaded.config->rtc.pli_throttle.high_quality, 2s);
  EXPECT_NE(load("rtc: {pli_throttle: {mid_quality: 2m}}").error.find("0 to 60000 milliseconds"),
            std::string::npos);
}

}  // namespace
}  // namespace gstlk::config
