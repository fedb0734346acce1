// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/yaml_node.h"

// Every key that LiveKit's configuration has, as data: its name, its type, and where its value
// goes.
namespace gstlk::config {

enum class ValueKind : uint8_t {
  Bool,
  Integer,  // as wide as its target, 32 bits without one
  Limit,    // an integer; below 0 it is 0
  Number,   // may have a fraction
  Text,
  TextList,
  TextMap,
  Duration,      // "5s"
  Seconds,       // a number of seconds, or a duration
  Milliseconds,  // a number of milliseconds, or a duration
  Ports,         // a port or a range of them
  ApiKeys,
  Subtree,  // anything; `read` looks into it
};

using Target = std::variant<std::monostate, bool*, uint16_t*, uint32_t*, double*, std::string*,
                            Duration*, PortRange*, std::vector<std::string>*,
                            std::map<std::string, std::string>*, livekit::ApiKeys*>;

struct ConfigKey {
  std::string_view path;  // "rtc.tcp_port"
  ValueKind kind;
  // Where it goes; nullptr for a key that is checked and otherwise not used yet.
  Target (*target)(Config&) = nullptr;
  // For a Subtree. The error is what would be right.
  Result<void> (*read)(Config&, const YamlNode&) = nullptr;

  bool is_used() const { return target || read; }
  bool is_scalar() const;
};

std::span<const ConfigKey> config_keys();

// The key at that path, or nullptr.
const ConfigKey* find_config_key(std::string_view path);
// Whether keys begin with that path and a dot.
bool is_config_section(std::string_view path);
// The known key whose name looks most like it.
std::string_view nearest_config_key(std::string_view path);

// Puts `node` where `key` wants it. The error says what would be right.
Result<void> assign(const ConfigKey& key, const YamlNode& node, Config& config);

}  // namespace gstlk::config
