// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/command_line.h"

#include <gtest/gtest.h>

namespace gstlk::config {
namespace {

using Arguments = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

std::optional<Config> load(const Arguments& arguments, const Variables& variables = {}) {
  const Result<CommandLine> line = parse_command_line(arguments);
  if (!line) return std::nullopt;
  std::vector<std::string> warnings;
  Result<Config> config = load_config(
      *line,
      [&](const std::string& name) -> std::optional<std::string> {
        const auto it = variables.find(name);
        if (it == variables.end()) return std::nullopt;
        return it->second;
      },
      warnings);
  if (!config) return std::nullopt;
  return *config;
}

std::string error(const Arguments& arguments) {
  const Result<CommandLine> line = parse_command_line(arguments);
  return line ? "" : line.error().message;
}

TEST(CommandLine, DevelopmentIsEnough) {
  const auto config = load({"--dev"});
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->development);
  EXPECT_EQ(config->keys.count("devkey"), 1u);
}

TEST(CommandLine, KeysComeFromTheVariableWithAndWithoutSpace) {
  for (const char* text : {"devkey: secret", "devkey:secret"}) {
    const auto config = load({}, {{"LIVEKIT_KEYS", text}});
    ASSERT_TRUE(config);
    EXPECT_EQ(config->keys.at("devkey"), "secret");
  }
}

TEST(CommandLine, LaterSourcesWin) {
  const Variables variables{{"LIVEKIT_CONFIG", "port: 1\nregion: file\nrtc: {tcp_port: 1}"},
                            {"LIVEKIT_PORT", "2"},
                            {"LIVEKIT_REGION", "variable"}};
  const auto config = load({"--dev", "--port", "3"}, variables);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->port, 3);
  EXPECT_EQ(config->region, "variable");
  EXPECT_EQ(config->rtc.tcp_port, 1);
}

TEST(CommandLine, AnyKeyIsAFlag) {
  const auto config = load({"--dev", "--rtc.tcp_port", "9", "--rtc.enable_loopback_candidate",
                            "--room.auto_create=false", "--rtc.udp_port=5-6"});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->rtc.tcp_port, 9);
  EXPECT_TRUE(config->rtc.enable_loopback_candidate);
  EXPECT_FALSE(config->room.auto_create);
  EXPECT_EQ(config->rtc.udp_ports.last, 6);
}

TEST(CommandLine, CommandsAreKnownByLiveKitsNames) {
  const std::pair<const char*, Command> commands[] = {{"doctor", Command::Doctor},
                                                      {"generate-keys", Command::GenerateKeys},
                                                      {"help-verbose", Command::HelpVerbose},
                                                      {"list-nodes", Command::ListNodes},
                                                      {"ports", Command::Ports}};
  for (const auto& [name, command] : commands) {
    const std::vector<std::string> arguments = {name};
    const auto line = parse_command_line(arguments);
    ASSERT_TRUE(line) << name;
    EXPECT_EQ(line->command, command);
  }
}

TEST(CommandLine, LiveKitsOwnFlagsWork) {
  const auto config =
      load({"--keys", "a: b", "--bind", "10.0.0.1", "--bind=::1", "--node-ip", "1.2.3.4",
            "--udp-port", "7000", "--region", "eu", "--disable-strict-config"});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->bind_addresses, (std::vector<std::string>{"10.0.0.1", "::1"}));
  EXPECT_EQ(config->rtc.node_ip, "1.2.3.4");
  EXPECT_EQ(config->rtc.udp_ports.first, 7000);
  EXPECT_EQ(config->region, "eu");
}

TEST(CommandLine, FlagsOfGosProfilerAreAcceptedWithAWarning) {
  const Result<CommandLine> line = parse_command_line(
      Arguments{"--cpuprofile", "cpu.out", "--memprofile=mem.out", "--dev", "--region", "eu"});
  ASSERT_TRUE(line) << line.error().message;
  std::vector<std::string> warnings;
  const Result<Config> config = load_config(
      *line, [](const std::string&) { return std::nullopt; }, warnings);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->region, "eu");
  EXPECT_EQ(warnings, (Arguments{"--cpuprofile is accepted but has no effect",
                                 "--memprofile is accepted but has no effect"}));
  EXPECT_EQ(error({"--cpuprofile"}), "--cpuprofile: expected a value");
}

TEST(CommandLine, SaysWhatItDoesNotKnow) {
  EXPECT_EQ(error({"--what"}), "unknown flag --what; see livekit-sfu --help");
  EXPECT_EQ(error({"serve"}), "unknown command \"serve\"; see livekit-sfu --help");
  EXPECT_EQ(error({"--config"}), "--config: expected a value");
  EXPECT_EQ(error({"-"}), "unknown flag -; see livekit-sfu --help");
}

TEST(CommandLine, AMissingFileIsNamed) {
  const Result<CommandLine> line = parse_command_line(Arguments{"--config", "/nowhere/x.yaml"});
  ASSERT_TRUE(line);
  std::vector<std::string> warnings;
  const Result<Config> config = load_config(
      *line, [](const std::string&) { return std::nullopt; }, warnings);
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message.find("/nowhere/x.yaml"), std::string::npos);
}

TEST(CommandLine, ATokenNeedsARoomAndAnIdentity) {
  EXPECT_FALSE(error({"create-join-token", "--room", "r"}).empty());
  const Result<CommandLine> line = parse_command_line(
      Arguments{"create-join-token", "--room", "r", "--identity=i", "--recorder", "--dev"});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->command, Command::CreateJoinToken);
  EXPECT_EQ(line->room, "r");
  EXPECT_EQ(line->identity, "i");
  EXPECT_TRUE(line->recorder);
}

TEST(CommandLine, HelpNamesEveryKey) {
  EXPECT_NE(verbose_help_text().find("LIVEKIT_RTC_TCP_PORT"), std::string::npos);
}

}  // namespace
}  // namespace gstlk::config
