// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/config_loader.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <gtest/gtest.h>

#include "config/config_keys.h"

namespace gstlk::config {
namespace {

Environment environment(std::map<std::string, std::string> values) {
  return [values](const std::string& name) -> std::optional<std::string> {
    const auto it = values.find(name);
    if (it == values.end()) return std::nullopt;
    return it->second;
  };
}

struct Loaded {
  std::optional<Config> config;
  std::string error;
  std::vector<std::string> warnings;
};

constexpr char kKeysLine[] = "keys: {key: 12345678901234567890123456789012}\n";

Loaded load(const std::string& yaml, const Environment& env = environment({})) {
  ConfigLoader loader(env);
  Loaded loaded;
  const Result<void> added = loader.add_yaml(yaml, "livekit.yaml");
  if (!added) {
    loaded.error = added.error().message;
  } else if (Result<Config> config = loader.finish()) {
    loaded.config = *config;
  } else {
    loaded.error = config.error().message;
  }
  loaded.warnings = loader.warnings();
  return loaded;
}

TEST(ConfigLoader, NothingButKeysGivesLiveKitsDefaultsAndOneUdpPort) {
  const Loaded loaded = load(kKeysLine);
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_EQ(loaded.config->port, 7880);
  EXPECT_EQ(loaded.config->rtc.tcp_port, 7881);
  EXPECT_EQ(loaded.config->rtc.udp_ports.first, 7882);
  EXPECT_EQ(loaded.config->rtc.udp_ports.last, 7882);
  EXPECT_EQ(loaded.config->room.empty_timeout, 300s);
  EXPECT_TRUE(loaded.config->bind_addresses.empty());
  EXPECT_TRUE(loaded.warnings.empty());
}

TEST(ConfigLoader, AnEmptyBindAddressIsEveryAddress) {
  for (const std::string dev : {"", "development: true\n"}) {
    const Loaded loaded = load(kKeysLine + dev + "bind_addresses:\n  - \"\"\n");
    ASSERT_TRUE(loaded.config) << loaded.error;
    EXPECT_TRUE(loaded.config->bind_addresses.empty());
  }
}

TEST(ConfigLoader, ACertificateNeedsItsKey) {
  const Loaded both = load(std::string(kKeysLine) + "tls: {cert_file: /c, key_file: /k}\n");
  ASSERT_TRUE(both.config) << both.error;
  EXPECT_EQ(both.config->tls.cert_file, "/c");
  EXPECT_EQ(both.config->tls.key_file, "/k");
  EXPECT_TRUE(both.warnings.empty());
  EXPECT_EQ(load(std::string(kKeysLine) + "tls: {cert_file: /c}\n").error,
            "livekit.yaml:2: tls.cert_file: needs tls.key_file beside it: the private key");
  EXPECT_EQ(load(std::string(kKeysLine) + "tls: {key_file: /k}\n").error,
            "livekit.yaml:2: tls.key_file: needs tls.cert_file beside it: the certificate");
}

TEST(ConfigLoader, WhoMayReadMetricsHasANameAndAPassword) {
  EXPECT_TRUE(
      load(std::string(kKeysLine) + "prometheus: {username: prom, password: pass}\n").config);
  EXPECT_EQ(
      load(std::string(kKeysLine) + "prometheus: {username: prom}\n").error,
      "livekit.yaml:2: prometheus.username: needs prometheus.password beside it: the password");
  EXPECT_EQ(load(std::string(kKeysLine) + "prometheus: {password: pass}\n").error,
            "livekit.yaml:2: prometheus.password: needs prometheus.username beside it: the name");
}

TEST(ConfigLoader, ForcedTcpNeedsATcpPort) {
  const Loaded forced = load(std::string(kKeysLine) + "rtc: {force_tcp: true}\n");
  ASSERT_TRUE(forced.config) << forced.error;
  EXPECT_TRUE(forced.config->rtc.force_tcp);
  EXPECT_EQ(
      load(std::string(kKeysLine) + "rtc: {force_tcp: true, tcp_port: 0}\n").error,
      "livekit.yaml:2: rtc.force_tcp: needs a port in rtc.tcp_port, like 7881: nothing is left");
}

TEST(ConfigLoader, ReadsEveryKindOfValue) {
  const Loaded loaded = load(std::string(kKeysLine) + R"(
port: 80
bind_addresses: [10.0.0.1, "::1"]
region: eu
rtc:
  udp_port: 7882-7885
  tcp_port: 0
  interfaces:
    includes:
      - eth0
  ips: {excludes: [10.0.0.0/8]}
  turn_servers:
    - {host: turn.example.org, port: 443, protocol: tls, username: u, credential: c}
audio: {update_interval: 500}
video: {dynacast_pause_delay: 1m30s, codec_regression_threshold: 0}
room:
  auto_create: false
  max_participants: 2
  empty_timeout: 10
  departure_timeout: 5s
  enabled_codecs: [{mime: audio/opus}, {mime: video/VP8, fmtp_line: a=b}]
  room_configurations:
    small: {max_participants: 3, metadata: "12"}
logging: {level: debug, component_levels: {sfu: trace}}
agents: {target_load: 0.55, enable_user_data_recording: true}
api: {enable_psrpc_for_get_list_participants: true}
limit: {agent_signal_message_size_limit: 1000}
simulcast: {video: {layers: [{quality: high, bitrate: 2500000, fps: 30}, {quality: low}]}}
)");
  ASSERT_TRUE(loaded.config) << loaded.error;
  const Config& config = *loaded.config;
  EXPECT_EQ(config.port, 80);
  EXPECT_EQ(config.bind_addresses, (std::vector<std::string>{"10.0.0.1", "::1"}));
  EXPECT_EQ(config.region, "eu");
  EXPECT_EQ(config.rtc.udp_ports.last, 7885);
  EXPECT_EQ(config.rtc.tcp_port, 0);
  EXPECT_EQ(config.rtc.interface_includes, std::vector<std::string>{"eth0"});
  EXPECT_EQ(config.rtc.ip_excludes, std::vector<std::string>{"10.0.0.0/8"});
  EXPECT_EQ(config.video.dynacast_pause_delay, 90s);
  EXPECT_EQ(config.video.codec_regression_threshold, 0u);
  ASSERT_EQ(config.rtc.turn_servers.size(), 1u);
  EXPECT_EQ(config.rtc.turn_servers[0].port, 443);
  ASSERT_EQ(config.video.simulcast_layers.size(), 2u);
  EXPECT_EQ(config.video.simulcast_layers[0].bitrate, 2'500'000u);
  EXPECT_EQ(config.video.simulcast_layers[0].fps, 30u);
  EXPECT_EQ(config.video.simulcast_layers[1].quality, "low");
  EXPECT_EQ(config.audio.update_interval, 500ms);
  EXPECT_DOUBLE_EQ(config.agents.target_load, 0.55);
  EXPECT_TRUE(config.agents.enable_user_data_recording);
  EXPECT_FALSE(config.agents.enable_user_data_redaction);
  EXPECT_TRUE(config.api.enable_psrpc_for_get_list_participants);
  EXPECT_EQ(config.limit.agent_signal_message_size_limit, 1000u);
  EXPECT_FALSE(config.room.auto_create);
  EXPECT_EQ(config.room.empty_timeout, 10s);
  EXPECT_EQ(config.room.departure_timeout, 5s);
  ASSERT_EQ(config.room.enabled_codecs.size(), 2u);
  EXPECT_EQ(config.room.enabled_codecs[1].fmtp_line, "a=b");
  EXPECT_EQ(config.room.room_configurations.at("small"),
            R"({"max_participants":3,"metadata":"12"})");
  EXPECT_EQ(config.logging.component_levels.at("sfu"), "trace");
  EXPECT_TRUE(loaded.warnings.empty()) << loaded.warnings[0];
}

TEST(ConfigLoader, AWrongValueIsOneLineThatSaysWhatIsRight) {
  const std::pair<const char*, const char*> cases[] = {
      {"port: abc", "livekit.yaml:1: port: expected a number from 0 to 65535, not \"abc\""},
      {"port: 70000", "livekit.yaml:1: port: expected a number from 0 to 65535, not \"70000\""},
      {"rtc:\n  use_external_ip: maybe",
       "livekit.yaml:2: rtc.use_external_ip: expected true or false, not \"maybe\""},
      {"video:\n  dynacast_pause_delay: 5",
       "livekit.yaml:2: video.dynacast_pause_delay: expected a duration like 5s or 500ms, not "
       "\"5\""},
      {"rtc: 5", "livekit.yaml:1: rtc: expected a section with keys of its own"},
      {"port: [1]", "livekit.yaml:1: port: expected a single value"},
      {"rtc: {udp_port: 9-1}",
       "livekit.yaml:1: rtc.udp_port: expected a port like 7882 or a range like 7882-7892, not "
       "\"9-1\""},
      {"keys: nothing", "livekit.yaml:1: keys: expected \"key: secret\""},
      {"rtc: {turn_servers: [{host: a, protocol: ip}]}",
       "livekit.yaml:1: rtc.turn_servers: expected protocol to be udp, tcp or tls"},
      {"simulcast: {video: {layers: [{quality: best}]}}",
       "livekit.yaml:1: simulcast.video.layers: expected each layer to have a quality, which is "
       "low, medium or high"},
      {"debug_handler: {port: x}",
       "livekit.yaml:1: debug_handler.port: expected a number that is whole and not negative, not "
       "\"x\""},
      {"- a", "livekit.yaml:1: expected keys and values, like \"port: 7880\""},
  };
  for (const auto& [yaml, message] : cases) EXPECT_EQ(load(yaml).error, message);
}

TEST(ConfigLoader, BrokenYamlIsNamedWithItsLine) {
  const std::string error = load("port: 1\nrtc: {a: [}\n").error;
  EXPECT_TRUE(error.starts_with("livekit.yaml:2: not valid YAML: ")) << error;
}

TEST(ConfigLoader, AnUnknownKeyIsAWarningWithTheNearestKnownOne) {
  const Loaded loaded = load(std::string(kKeysLine) + "rtc:\n  tcp_prot: 1\ntcp_port: 5\n");
  ASSERT_TRUE(loaded.config);
  ASSERT_EQ(loaded.warnings.size(), 2u);
  EXPECT_EQ(loaded.warnings[0],
            "livekit.yaml:3: unknown key rtc.tcp_prot is ignored; did you mean rtc.tcp_port?");
  EXPECT_EQ(loaded.warnings[1],
            "livekit.yaml:4: unknown key tcp_port is ignored; did you mean rtc.tcp_port?");
}

TEST(ConfigLoader, AKeyWithoutEffectSaysSo) {
  const Loaded loaded = load(std::string(kKeysLine) + "psrpc: {timeout: 5s}\n");
  ASSERT_TRUE(loaded.config);
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_EQ(loaded.warnings[0], "livekit.yaml:2: psrpc.timeout is accepted but has no effect yet");
  for (const char* path : {"rtc.use_mdns", "rtc.packet_buffer_size",
                           "rtc.congestion_control.enabled", "audio.active_red_encoding"}) {
    EXPECT_FALSE(find_config_key(path)->is_used()) << path;
  }
}

TEST(ConfigLoader, EveryKeyThatLiveKitsSampleHasIsKnown) {
  for (const char* path :
       {"rtc.port_range_start", "redis.sentinel_addresses", "turn.tls_port", "webhook.api_key",
        "limit.num_tracks", "prometheus_port", "logging.pion_level", "tls.cert_file",
        "logging.disable_pion_logs", "node_selector.sysload_limit", "rtc.batch_io.batch_size"}) {
    EXPECT_TRUE(find_config_key(path)) << path;
  }
}

TEST(ConfigLoader, TheTableIsSortedAndHasNoKeyTwice) {
  const auto keys = config_keys();
  for (size_t i = 1; i < keys.size(); i++) EXPECT_LT(keys[i - 1].path, keys[i].path);
}

TEST(ConfigLoader, PlaceholdersComeFromTheEnvironment) {
  const auto env = environment({{"API_KEY", "key"}, {"SECRET", std::string(40, 's')}});
  const Loaded loaded = load("keys:\n  ${API_KEY}: a${SECRET}b\nregion: $x\n", env);
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_EQ(loaded.config->keys.at("key"), "a" + std::string(40, 's') + "b");
  EXPECT_EQ(loaded.config->region, "$x");
  EXPECT_EQ(load("\nregion: ${NOTHING}", env).error,
            "livekit.yaml:2: ${NOTHING} is not set in the environment");
}

TEST(ConfigLoader, KeysAndWebhooksOfVariablesThatAreNotSetAreLeftOut) {
  const Loaded loaded = load(
      "keys:\n  ${API_KEY}: ${SECRET}\n  key: 12345678901234567890123456789012\n"
      "webhook:\n  urls:\n    - ${BACKEND}/hook\n  api_key: ${HOOK}\n");
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_EQ(loaded.config->keys.size(), 1u);
  EXPECT_TRUE(loaded.config->webhook.urls.empty());
  ASSERT_EQ(loaded.warnings.size(), 3u);
  EXPECT_EQ(loaded.warnings[0],
            "livekit.yaml:2: ${API_KEY} is not set in the environment: this key is left out");
  // What would be more open without it is not.
  EXPECT_EQ(load("prometheus:\n  password: ${NOTHING}").error,
            "livekit.yaml:2: ${NOTHING} is not set in the environment");
}

TEST(ConfigLoader, ValuesFromTheEnvironmentCannotAddKeys) {
  const auto env = environment({{"REGION", "a\nport: 1"}});
  const Loaded loaded = load(std::string(kKeysLine) + "region: ${REGION}\n", env);
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->port, 7880);
  EXPECT_EQ(loaded.config->region, "a\nport: 1");
}

TEST(ConfigLoader, KeysInTheFileNeedNoSpaceAfterTheColon) {
  const Loaded loaded = load("keys: key:12345678901234567890123456789012\n");
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_EQ(loaded.config->keys.at("key"), "12345678901234567890123456789012");
}

TEST(ConfigLoader, WithoutKeysItSaysHowToMakeThem) {
  EXPECT_NE(load("port: 1").error.find("generate-keys"), std::string::npos);
}

TEST(ConfigLoader, DevelopmentNeedsNoKeysAndStaysOnThisMachine) {
  const Loaded loaded = load("development: true");
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_EQ(loaded.config->keys.at("devkey"), "secret");
  EXPECT_EQ(loaded.config->bind_addresses, (std::vector<std::string>{"127.0.0.1", "::1"}));
  EXPECT_TRUE(loaded.warnings.empty());
}

TEST(ConfigLoader, DevelopmentWithKeysOfOnesOwnIsForEveryAddress) {
  const Loaded loaded = load(std::string(kKeysLine) + "development: true");
  ASSERT_TRUE(loaded.config) << loaded.error;
  EXPECT_TRUE(loaded.config->bind_addresses.empty());
  const Loaded bound =
      load(std::string(kKeysLine) + "development: true\nbind_addresses: [192.0.2.1]");
  ASSERT_TRUE(bound.config) << bound.error;
  EXPECT_EQ(bound.config->bind_addresses, std::vector<std::string>{"192.0.2.1"});
}

TEST(ConfigLoader, AShortSecretIsAWarning) {
  const Loaded loaded = load("keys: {devkey: secret}");
  ASSERT_TRUE(loaded.config);
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_TRUE(loaded.warnings[0].starts_with("keys: the secret of devkey is shorter than 32"));
}

TEST(ConfigLoader, OfAPortRangeAtMostEightAreShared) {
  const Loaded loaded =
      load(std::string(kKeysLine) + "rtc: {port_range_start: 50000, port_range_end: 60000}");
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->rtc.udp_ports.first, 50000);
  EXPECT_EQ(loaded.config->rtc.udp_ports.last, 50007);
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_EQ(
      loaded.warnings[0],
      "rtc.port_range_start: everybody shares UDP ports 50000 to 50007, the rest of the range "
      "is not used");
  const Loaded small =
      load(std::string(kKeysLine) + "rtc: {port_range_start: 50000, port_range_end: 50003}");
  ASSERT_TRUE(small.config);
  EXPECT_EQ(small.config->rtc.udp_ports.last, 50003);
  EXPECT_TRUE(small.warnings.empty());
}

TEST(ConfigLoader, APortAndARangeExcludeEachOther) {
  const Loaded loaded =
      load(std::string(kKeysLine) +
           "rtc: {udp_port: 7882, port_range_start: 50000, port_range_end: 60000}");
  EXPECT_NE(loaded.error.find("exclude each other"), std::string::npos);
}

TEST(ConfigLoader, EveryScalarKeyIsAVariable) {
  ConfigLoader loader(environment({{"LIVEKIT_RTC_TCP_PORT", "99"}, {"LIVEKIT_PORT", "x"}}));
  const Result<void> result = loader.add_environment();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "LIVEKIT_PORT: expected a number from 0 to 65535, not \"x\"");
  ConfigLoader other(
      environment({{"LIVEKIT_RTC_TCP_PORT", "99"}, {"LIVEKIT_DEVELOPMENT", "true"}}));
  ASSERT_TRUE(other.add_environment());
  EXPECT_EQ(other.finish()->rtc.tcp_port, 99);
}

TEST(ConfigLoader, AnEmptyVariableIsNoValueUnlessItsKeyIsText) {
  ConfigLoader loader(environment({{"LIVEKIT_RTC_USE_EXTERNAL_IP", ""},
                                   {"LIVEKIT_PORT", ""},
                                   {"LIVEKIT_RTC_UDP_PORT", ""},
                                   {"LIVEKIT_ROOM_EMPTY_TIMEOUT", ""},
                                   {"LIVEKIT_REGION", ""},
                                   {"LIVEKIT_BIND_ADDRESSES", ""}}));
  ASSERT_TRUE(loader.add_yaml(
      std::string(kKeysLine) + "region: eu\nport: 80\nbind_addresses: [192.0.2.1]", "a.yaml"));
  const Result<void> added = loader.add_environment();
  ASSERT_TRUE(added) << added.error().message;
  const Result<Config> config = loader.finish();
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->port, 80);
  EXPECT_EQ(config->region, "");
  EXPECT_TRUE(config->bind_addresses.empty());
}

TEST(ConfigLoader, AKeyFileIsForItsOwnerAlone) {
  char* folder = g_dir_make_tmp("keys-XXXXXX", nullptr);
  const std::string path = std::string(folder) + "/keys.yaml";
  g_file_set_contents(path.c_str(), "one: secret1\ntwo:secret2\n", -1, nullptr);
  g_chmod(path.c_str(), 0644);
  ConfigLoader loader(environment({}));
  const Result<void> open = loader.add_key_file(path);
  ASSERT_FALSE(open);
  EXPECT_NE(open.error().message.find("chmod 600"), std::string::npos);
  g_chmod(path.c_str(), 0600);
  EXPECT_TRUE(loader.add_key_file(path));
  EXPECT_EQ(loader.finish()->keys.at("two"), "secret2");
  EXPECT_FALSE(loader.add_key_file(path + ".nothing"));
  g_remove(path.c_str());
  g_rmdir(folder);
  g_free(folder);
}

TEST(ConfigLoader, DeepAndCyclicYamlIsRefused) {
  EXPECT_FALSE(load("sip: " + std::string(100, '[') + std::string(100, ']')).error.empty());
  EXPECT_FALSE(load("sip: &a [*a]").error.empty());
}

}  // namespace
}  // namespace gstlk::config
