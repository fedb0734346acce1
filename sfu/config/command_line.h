// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/config_loader.h"

namespace gstlk::config {

enum class Command : uint8_t {
  Serve,
  CreateJoinToken,
  Doctor,
  GenerateKeys,
  Help,
  HelpVerbose,
  ListNodes,
  Ports,
  Version,
};

// What was typed. LiveKit's flags have their names here; every other key with a single value is a
// flag by its path, --rtc.tcp_port 7881.
struct CommandLine {
  Command command = Command::Serve;
  std::optional<std::string> config_file;
  std::optional<std::string> config_body;
  std::vector<Override> overrides;   // in the order that they were typed
  std::vector<std::string> ignored;  // LiveKit's flags that mean nothing here
  // Of create-join-token.
  std::string room;
  std::string identity;
  bool recorder = false;
};

// `arguments` are without the program's name. The error is one line.
Result<CommandLine> parse_command_line(std::span<const std::string> arguments);

// Defaults, then the file, then the environment, then the flags. `warnings` gets one line each.
Result<Config> load_config(const CommandLine& line, const Environment& environment,
                           std::vector<std::string>& warnings);

std::string help_text();
// Every key, its flag and its environment variable.
std::string verbose_help_text();

}  // namespace gstlk::config
