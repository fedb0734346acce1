// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/command_line.h"

#include <glib.h>

#include <algorithm>
#include <utility>

#include "config/config_keys.h"

namespace gstlk::config {
namespace {

constexpr std::pair<std::string_view, Command> kCommands[] = {
    {"create-join-token", Command::CreateJoinToken},
    {"doctor", Command::Doctor},
    {"generate-keys", Command::GenerateKeys},
    {"help", Command::Help},
    {"help-verbose", Command::HelpVerbose},
    {"list-nodes", Command::ListNodes},
    {"ports", Command::Ports},
};

// A flag or variable with a name of its own, and the key it stands for.
struct NamedKey {
  std::string_view name;
  std::string_view path;
};
constexpr NamedKey kFlags[] = {
    {"--bind", "bind_addresses"},
    {"--dev", "development"},
    {"--key-file", "key_file"},
    {"--keys", "keys"},
    {"--node-ip", "rtc.node_ip"},
    {"--redis-host", "redis.address"},
    {"--region", "region"},
    {"--redis-password", "redis.password"},
    {"--turn-cert", "turn.cert_file"},
    {"--turn-key", "turn.key_file"},
    {"--udp-port", "rtc.udp_port"},
};
constexpr NamedKey kVariables[] = {
    {"LIVEKIT_KEYS", "keys"},
    {"LIVEKIT_TURN_CERT", "turn.cert_file"},
    {"LIVEKIT_TURN_KEY", "turn.key_file"},
    {"NODE_IP", "rtc.node_ip"},
    {"REDIS_HOST", "redis.address"},
    {"REDIS_PASSWORD", "redis.password"},
    {"UDP_PORT", "rtc.udp_port"},
};

// Takes arguments one by one; "--name=value" is as good as "--name value".
class ArgumentReader {
 public:
  explicit ArgumentReader(std::span<const std::string> arguments) : rest_(arguments) {}

  bool next() {
    if (rest_.empty()) return false;
    name_ = rest_.front();
    rest_ = rest_.subspan(1);
    value_.reset();
    const size_t equals = name_.find('=');
    if (name_.starts_with("--") && equals != std::string::npos) {
      value_ = name_.substr(equals + 1);
      name_.resize(equals);
    }
    return true;
  }
  const std::string& name() const { return name_; }
  // The value of this flag; nullopt when the line ends instead.
  std::optional<std::string> value() {
    if (!value_ && !rest_.empty()) {
      value_ = rest_.front();
      rest_ = rest_.subspan(1);
    }
    return value_;
  }
  // Of a flag that needs none.
  std::string switch_value() const { return value_.value_or("true"); }

 private:
  std::span<const std::string> rest_;
  std::string name_;
  std::optional<std::string> value_;
};

class CommandLineParser {
 public:
  explicit CommandLineParser(std::span<const std::string> arguments) : reader_(arguments) {}

  Result<CommandLine> parse() {
    while (reader_.next()) {
      if (const Result<void> result = read_argument(); !result) {
        return fail(result.error().message);
      }
    }
    if (!binds_.empty()) line_.overrides.push_back({"--bind", "bind_addresses", binds_});
    if (line_.command == Command::CreateJoinToken &&
        (line_.room.empty() || line_.identity.empty())) {
      return fail("create-join-token: expected --room NAME and --identity NAME");
    }
    return line_;
  }

 private:
  Result<void> read_argument() {
    const std::string& name = reader_.name();
    if (!name.starts_with("-")) return read_command(name);
    if (name == "--help" || name == "-h") return set_command(Command::Help);
    if (name == "--version" || name == "-v") return set_command(Command::Version);
    if (name == "--disable-strict-config") return {};  // unknown keys are never fatal
    if (name == "--recorder") {
      line_.recorder = reader_.switch_value() == "true";
      return {};
    }
    if (name == "--dev") {
      line_.overrides.push_back({name, "development", reader_.switch_value()});
      return {};
    }
    if (name == "--cpuprofile" || name == "--memprofile") return ignore_flag(name);
    return read_flag_with_value(name);
  }

  // Of Go's profiler.
  Result<void> ignore_flag(const std::string& name) {
    if (!reader_.value()) return fail(name + ": expected a value");
    line_.ignored.push_back(name);
    return {};
  }

  Result<void> read_command(const std::string& name) {
    const auto* command = std::ranges::find(kCommands, name, [](const auto& c) { return c.first; });
    if (command == std::end(kCommands)) {
      return fail("unknown command \"" + name + "\"; see livekit-sfu --help");
    }
    return set_command(command->second);
  }

  Result<void> set_command(Command command) {
    line_.command = command;
    return {};
  }

  Result<void> read_flag_with_value(const std::string& name) {
    const std::string_view path = path_of(name);
    const ConfigKey* key = find_config_key(path);
    const bool is_switch = key && key->kind == ValueKind::Bool;
    const bool own =
        name == "--config" || name == "--config-body" || name == "--room" || name == "--identity";
    if (!key && !own) return fail("unknown flag " + name + "; see livekit-sfu --help");
    const std::optional<std::string> value = is_switch ? reader_.switch_value() : reader_.value();
    if (!value) return fail(name + ": expected a value");
    store(name, std::string(path), *value);
    return {};
  }

  static std::string_view path_of(const std::string& name) {
    const auto* flag = std::ranges::find(kFlags, name, &NamedKey::name);
    if (flag != std::end(kFlags)) return flag->path;
    // LiveKit's hidden flags: any key by its path.
    return std::string_view(name).substr(std::min<size_t>(2, name.size()));
  }

  void store(const std::string& name, std::string path, const std::string& value) {
    if (name == "--config") {
      line_.config_file = value;
    } else if (name == "--config-body") {
      line_.config_body = value;
    } else if (name == "--room") {
      line_.room = value;
    } else if (name == "--identity") {
      line_.identity = value;
    } else if (name == "--bind") {
      binds_ += (binds_.empty() ? "" : ",") + value;  // may be repeated
    } else {
      line_.overrides.push_back({name, std::move(path), value});
    }
  }

  ArgumentReader reader_;
  CommandLine line_;
  std::string binds_;
};

Result<void> add_file(ConfigLoader& loader, const std::string& path) {
  char* data = nullptr;
  gsize size = 0;
  GError* error = nullptr;
  if (!g_file_get_contents(path.c_str(), &data, &size, &error)) {
    const std::string reason = error->message;
    g_error_free(error);
    return fail("--config: " + reason);
  }
  const std::string text(data, size);
  g_free(data);
  return loader.add_yaml(text, path);
}

Result<void> add_base(ConfigLoader& loader, const CommandLine& line,
                      const Environment& environment) {
  // As LiveKit has it, a body wins over a file.
  if (line.config_body) return loader.add_yaml(*line.config_body, "--config-body");
  if (const auto body = environment("LIVEKIT_CONFIG"); body && !body->empty()) {
    return loader.add_yaml(*body, "LIVEKIT_CONFIG");
  }
  return line.config_file ? add_file(loader, *line.config_file) : Result<void>();
}

Result<void> add_all(ConfigLoader& loader, const CommandLine& line,
                     const Environment& environment) {
  if (Result<void> result = add_base(loader, line, environment); !result) return result;
  if (Result<void> result = loader.add_environment(); !result) return result;
  for (const NamedKey& variable : kVariables) {
    const std::string name(variable.name);
    const std::optional<std::string> text = environment(name);
    if (!text || text->empty()) continue;
    if (Result<void> result = loader.add_override({name, std::string(variable.path), *text});
        !result) {
      return result;
    }
  }
  for (const Override& value : line.overrides) {
    if (Result<void> result = loader.add_override(value); !result) return result;
  }
  return {};
}

}  // namespace

Result<CommandLine> parse_command_line(std::span<const std::string> arguments) {
  return CommandLineParser(arguments).parse();
}

Result<Config> load_config(const CommandLine& line, const Environment& environment,
                           std::vector<std::string>& warnings) {
  ConfigLoader loader(environment);
  Result<Config> config = fail("");
  if (const Result<void> added = add_all(loader, line, environment); !added) {
    config = fail(added.error().message);
  } else {
    config = loader.finish();
  }
  warnings = loader.warnings();
  for (const std::string& flag : line.ignored)
    warnings.push_back(flag + " is accepted but has no effect");
  return config;
}

std::string help_text() {
  return R"(livekit-sfu: a LiveKit server made of GStreamer elements

Usage: livekit-sfu [flags]
       livekit-sfu COMMAND [flags]

Commands:
  generate-keys        prints an API key and its secret
  create-join-token    prints a token: --room NAME --identity NAME [--recorder]
  doctor               says what this machine lacks for the configuration
  help-verbose         lists every key of the configuration
  list-nodes           says that this server is the only one
  ports                lists the ports that the configuration opens

Flags:
  --config FILE        configuration in YAML, with LiveKit's keys
  --config-body YAML   the same, in place                    (LIVEKIT_CONFIG)
  --keys "KEY: SECRET" API keys                              (LIVEKIT_KEYS)
  --key-file FILE      API keys, a file that others cannot read
  --dev                development; without keys: "devkey" with "secret", this machine only
  --bind ADDRESS       listen there; may be repeated
  --node-ip ADDRESS    the address that clients are told     (NODE_IP)
  --udp-port PORT      media: a port or a range of them      (UDP_PORT)
  --region NAME                                              (LIVEKIT_REGION)
  --version, --help

Any key with a single value is a flag and a variable, too: --rtc.tcp_port 7881 or
LIVEKIT_RTC_TCP_PORT=7881.
)";
}

std::string verbose_help_text() {
  std::string text =
      help_text() + "\nKeys, flags and variables (those with * have no effect yet):\n";
  for (const ConfigKey& key : config_keys()) {
    text += key.is_used() ? "    " : "  * ";
    text += key.path;
    if (key.is_scalar()) {
      text += "  --" + std::string(key.path) + "  " + environment_name(key.path);
    }
    text += '\n';
  }
  return text;
}

}  // namespace gstlk::config
