// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/yaml_node.h"

namespace gstlk::config {

// A value given outside of a file: by a flag or an environment variable.
struct Override {
  std::string source;  // "--rtc.tcp_port", for messages
  std::string path;    // "rtc.tcp_port"
  std::string text;
};

// Builds a Config from defaults, then a file, then overrides. A wrong value ends it with one line
// that names the place, the key and what would be right; what is only odd becomes a warning.
// Not thread-safe.
class ConfigLoader {
 public:
  explicit ConfigLoader(Environment environment);

  Result<void> add_yaml(std::string_view text, const std::string& source);
  Result<void> add_override(const Override& value);
  // LIVEKIT_RTC_TCP_PORT and so on, for every key with a single value.
  Result<void> add_environment();
  // The file of keys, which nobody else may read: "key: secret" each.
  Result<void> add_key_file(const std::string& path);

  // Development defaults, and what must hold between keys.
  Result<Config> finish();
  // One line each, in the order of the file.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void leave_out_unset(YamlNode& root, const std::string& source);
  Result<void> read_map(const YamlNode& map, const std::string& prefix, const std::string& source);
  Result<void> read_member(const YamlNode::Member& member, const std::string& path,
                           const std::string& source);
  Result<void> choose_udp_ports();
  Result<void> check_keys();
  Result<void> check_tcp();
  Result<void> check_tls();
  Result<void> check_prometheus();
  // A key that is nothing without another.
  struct Half {
    const char* key;
    const std::string& value;
    const char* meaning;
  };
  Result<void> check_both(const Half& one, const Half& other) const;
  Result<void> check_webhook();
  Result<void> check_limits();
  Result<void> check_media();
  Result<void> check_turn();
  Result<void> check_turn_secret();
  Result<void> check_turn_tls();
  Result<void> check_turn_ports();
  // "livekit.yaml:12: webhook.urls: ", as far as it is known where the key came from.
  std::string place(const std::string& path) const;

  Environment environment_;
  Config config_;
  std::map<std::string, std::string> places_;  // by path: who gave the value last
  std::vector<std::string> warnings_;
};

// The name of the environment variable of a key: "rtc.tcp_port" is LIVEKIT_RTC_TCP_PORT.
std::string environment_name(std::string_view path);

}  // namespace gstlk::config
