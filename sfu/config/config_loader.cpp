// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/config_loader.h"

#include <glib.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "config/config_keys.h"
#include "config/config_values.h"

namespace gstlk::config {
namespace {

constexpr size_t kMinSecretSize = 32;
// Each has a socket for every address and worker.
constexpr uint16_t kMaxUdpPorts = 8;

std::string at(const std::string& source, const YamlNode& node) {
  return source + ":" + std::to_string(node.line) + ": ";
}

std::string not_set(const YamlNode& node) {
  return "${" + node.unset + "} is not set in the environment";
}

const YamlNode* find_unset(const YamlNode& node) {
  if (!node.unset.empty()) return &node;
  for (const YamlNode& item : node.items) {
    if (const YamlNode* found = find_unset(item)) return found;
  }
  for (const YamlNode::Member& member : node.members) {
    if (const YamlNode* found = find_unset(member.value)) return found;
  }
  return nullptr;
}

// What stands there, short enough for one line. Secrets are not repeated.
std::string describe(const ConfigKey& key, const YamlNode& node) {
  const bool secret = key.kind == ValueKind::ApiKeys || key.path.ends_with("password") ||
                      key.path.ends_with("secret");
  if (node.kind != YamlNode::Kind::Scalar || secret) return "";
  return ", not \"" + node.text.substr(0, 60) + "\"";
}

}  // namespace

std::string environment_name(std::string_view path) {
  std::string name = "LIVEKIT_";
  for (const char c : path) name += c == '.' ? '_' : g_ascii_toupper(c);
  return name;
}

ConfigLoader::ConfigLoader(Environment environment) : environment_(std::move(environment)) {}

Result<void> ConfigLoader::add_yaml(std::string_view text, const std::string& source) {
  Result<YamlNode> root = parse_yaml(text, source, environment_);
  if (!root) return fail(root.error().message);
  if (root->kind == YamlNode::Kind::Null) return {};
  if (root->kind != YamlNode::Kind::Map) {
    return fail(at(source, *root) + "expected keys and values, like \"port: 7880\"");
  }
  leave_out_unset(*root, source);
  if (const YamlNode* unset = find_unset(*root)) return fail(at(source, *unset) + not_set(*unset));
  return read_map(*root, "", source);
}

// A file that compose mounts into a container names variables that compose knows and the container
// does not. Keys come by LIVEKIT_KEYS then, and a backend that is not named cannot be told; nothing
// gets more open by leaving these out, and nothing else is.
void ConfigLoader::leave_out_unset(YamlNode& root, const std::string& source) {
  const auto leaves_out = [&](const YamlNode& node, const char* what) {
    if (node.unset.empty()) return false;
    warnings_.push_back(at(source, node) + not_set(node) + ": " + what + " is left out");
    return true;
  };
  for (YamlNode::Member& section : root.members) {
    if (section.name == "keys") {
      std::erase_if(section.value.members,
                    [&](const auto& key) { return leaves_out(key.value, "this key"); });
    } else if (section.name == "webhook") {
      for (YamlNode::Member& member : section.value.members) {
        if (member.name == "urls")
          std::erase_if(member.value.items,
                        [&](const auto& url) { return leaves_out(url, "this URL"); });
      }
      std::erase_if(section.value.members, [&](const auto& member) {
        return member.name == "api_key" && leaves_out(member.value, "webhook.api_key");
      });
    }
  }
}

Result<void> ConfigLoader::read_map(const YamlNode& map, const std::string& prefix,
                                    const std::string& source) {
  for (const YamlNode::Member& member : map.members) {
    if (Result<void> result = read_member(member, prefix + member.name, source); !result) {
      return result;
    }
  }
  return {};
}

Result<void> ConfigLoader::read_member(const YamlNode::Member& member, const std::string& path,
                                       const std::string& source) {
  const YamlNode& node = member.value;
  const ConfigKey* key = find_config_key(path);
  if (!key && is_config_section(path)) {
    if (node.kind == YamlNode::Kind::Null) return {};
    if (node.kind == YamlNode::Kind::Map) return read_map(node, path + ".", source);
    return fail(at(source, node) + path + ": expected a section with keys of its own");
  }
  if (!key) {
    warnings_.push_back(at(source, node) + "unknown key " + path + " is ignored; did you mean " +
                        std::string(nearest_config_key(path)) + "?");
    return {};
  }
  if (const Result<void> result = assign(*key, node, config_); !result) {
    return fail(at(source, node) + path + ": expected " + result.error().message +
                describe(*key, node));
  }
  places_[path] = at(source, node) + path + ": ";
  if (!key->is_used() && node.kind != YamlNode::Kind::Null) {
    warnings_.push_back(at(source, node) + path + " is accepted but has no effect yet");
  }
  return {};
}

Result<void> ConfigLoader::add_override(const Override& value) {
  const ConfigKey* key = find_config_key(value.path);
  if (!key) {
    return fail(value.source + ": no such key; did you mean " +
                std::string(nearest_config_key(value.path)) + "?");
  }
  const YamlNode node = scalar_node(value.text);
  if (const Result<void> result = assign(*key, node, config_); !result) {
    return fail(value.source + ": expected " + result.error().message + describe(*key, node));
  }
  places_[value.path] = value.source + ": ";
  if (!key->is_used()) warnings_.push_back(value.source + " is accepted but has no effect yet");
  return {};
}

Result<void> ConfigLoader::add_environment() {
  for (const ConfigKey& key : config_keys()) {
    if (!key.is_scalar()) continue;
    const std::string name = environment_name(key.path);
    const std::optional<std::string> text = environment_(name);
    // A compose file passes on what is not set as nothing.
    const bool may_be_empty = key.kind == ValueKind::Text || key.kind == ValueKind::TextList;
    if (!text || (text->empty() && !may_be_empty)) continue;
    if (Result<void> result = add_override({name, std::string(key.path), *text}); !result) {
      return result;
    }
  }
  return {};
}

Result<void> ConfigLoader::add_key_file(const std::string& path) {
  struct stat info {};
  char* data = nullptr;
  gsize size = 0;
  if (stat(path.c_str(), &info) != 0 || !g_file_get_contents(path.c_str(), &data, &size, nullptr)) {
    return fail("key_file: cannot read " + path);
  }
  const std::string text(data, size);
  g_free(data);
  if (info.st_mode & (S_IROTH | S_IWOTH)) {
    return fail("key_file: " + path + " can be read by everybody; run: chmod 600 " + path);
  }
  const auto keys = parse_api_keys(text);
  if (!keys) return fail("key_file: expected lines of \"key: secret\" in " + path);
  for (const auto& [key, secret] : *keys) config_.keys[key] = secret;
  return {};
}

Result<void> ConfigLoader::choose_udp_ports() {
  const bool has_range = config_.port_range_start != 0 || config_.port_range_end != 0;
  if (config_.udp_port.first != 0) {
    if (has_range) {
      return fail(
          "rtc.udp_port and rtc.port_range_start/port_range_end exclude each other: remove one");
    }
    config_.rtc.udp_ports = config_.udp_port;
  } else if (has_range) {
    if (config_.port_range_start == 0 || config_.port_range_end < config_.port_range_start) {
      return fail("rtc.port_range_end: expected a port that is not below rtc.port_range_start");
    }
    config_.rtc.udp_ports = {config_.port_range_start, config_.port_range_end};
  }
  PortRange& ports = config_.rtc.udp_ports;
  if (ports.last - ports.first >= kMaxUdpPorts) {
    // LiveKit gives each connection a port of its own; here all share sockets, and more of them
    // would only be more to look after.
    ports.last = static_cast<uint16_t>(ports.first + kMaxUdpPorts - 1);
    warnings_.push_back((has_range ? "rtc.port_range_start" : "rtc.udp_port") +
                        std::string(": everybody shares UDP ports ") + std::to_string(ports.first) +
                        " to " + std::to_string(ports.last) +
                        ", the rest of the range is not used");
  }
  return {};
}

Result<void> ConfigLoader::check_keys() {
  if (config_.keys.empty() && !config_.development) {
    return fail(
        "keys: expected at least one \"key: secret\" in the configuration, LIVEKIT_KEYS or --keys; "
        "\"livekit-sfu generate-keys\" makes one, --dev does without");
  }
  if (config_.keys.empty()) {
    config_.keys[kDevelopmentKey] = kDevelopmentSecret;
    // Everybody knows it.
    if (config_.bind_addresses.empty()) config_.bind_addresses = {"127.0.0.1", "::1"};
  }
  for (const auto& [key, secret] : config_.keys) {
    if (secret.size() < kMinSecretSize && !config_.development) {
      warnings_.push_back("keys: the secret of " + key +
                          " is shorter than 32 characters and can be "
                          "guessed; \"livekit-sfu generate-keys\" makes a better one");
    }
  }
  return {};
}

std::string ConfigLoader::place(const std::string& path) const {
  const auto found = places_.find(path);
  return found == places_.end() ? path + ": " : found->second;
}

Result<void> ConfigLoader::check_tcp() {
  if (!config_.rtc.force_tcp || config_.rtc.tcp_port != 0) return {};
  return fail(place("rtc.force_tcp") + "needs a port in rtc.tcp_port, like 7881: nothing is left");
}

Result<void> ConfigLoader::check_tls() {
  return check_both({"tls.cert_file", config_.tls.cert_file, "the certificate"},
                    {"tls.key_file", config_.tls.key_file, "the private key"});
}

Result<void> ConfigLoader::check_prometheus() {
  return check_both({"prometheus.username", config_.prometheus.username, "the name"},
                    {"prometheus.password", config_.prometheus.password, "the password"});
}

Result<void> ConfigLoader::check_both(const Half& one, const Half& other) const {
  if (one.value.empty() == other.value.empty()) return {};
  const Half& given = one.value.empty() ? other : one;
  const Half& missing = one.value.empty() ? one : other;
  return fail(place(given.key) + "needs " + missing.key + " beside it: " + missing.meaning);
}

Result<void> ConfigLoader::check_webhook() {
  WebhookConfig& webhook = config_.webhook;
  for (size_t i = 0; i < webhook.urls.size(); i++) {
    const std::string& url = webhook.urls[i];
    if (url.starts_with("http://") || url.starts_with("https://")) continue;
    // It is not repeated: there may be a password or a token in it.
    return fail(place("webhook.urls") + "expected http or https URLs, like " +
                "\"https://app.example.org/livekit\"; number " + std::to_string(i + 1) +
                " is none");
  }
  // Some give the secret instead, which means the same.
  for (const auto& [key, secret] : config_.keys) {
    if (!config_.keys.contains(webhook.api_key) && webhook.api_key == secret) webhook.api_key = key;
  }
  // Or one that is for webhooks alone; a name that is mistyped is shorter.
  const bool own_secret =
      !config_.keys.contains(webhook.api_key) && webhook.api_key.size() >= kMinSecretSize;
  if (own_secret && !webhook.urls.empty()) {
    warnings_.push_back(place("webhook.api_key") + "names no key and is taken as a secret: " +
                        "webhooks are signed with it in the name of " +
                        config_.keys.begin()->first);
  } else if (!webhook.urls.empty() && !config_.keys.contains(webhook.api_key)) {
    const std::string like = "the name of one of the keys, like " + config_.keys.begin()->first;
    if (!webhook.api_key.empty()) return fail(place("webhook.api_key") + "expected " + like);
    return fail(place("webhook.urls") + "needs webhook.api_key beside it: " + like);
  }
  if (webhook.num_workers == 0) {
    return fail(place("webhook.url_notifier.num_workers") + "expected at least 1");
  }
  if (!webhook.urls.empty() && webhook.spool_dir.empty()) {
    // What systemd made for this service by StateDirectory=, the first of them.
    const std::string state = environment_("STATE_DIRECTORY").value_or("");
    const std::string first = state.substr(0, state.find(':'));
    if (!first.empty()) webhook.spool_dir = first + "/webhooks";
  }
  if (!webhook.urls.empty() && webhook.spool_dir.empty() && !config_.development) {
    warnings_.push_back(place("webhook.urls") +
                        "without webhook.spool_dir events are lost that cannot be delivered "
                        "within webhook.resource_url_notifier.max_age or before the end of the "
                        "server; name a directory to keep them");
  }
  return {};
}

Result<Config> ConfigLoader::finish() {
  if (!config_.key_file.empty()) {
    if (Result<void> result = add_key_file(config_.key_file); !result) {
      return fail(result.error().message);
    }
  }
  for (Result<void> (ConfigLoader::*step)() :
       {&ConfigLoader::choose_udp_ports, &ConfigLoader::check_keys, &ConfigLoader::check_tcp,
        &ConfigLoader::check_tls, &ConfigLoader::check_prometheus, &ConfigLoader::check_turn,
        &ConfigLoader::check_webhook, &ConfigLoader::check_limits, &ConfigLoader::check_media}) {
    if (Result<void> result = (this->*step)(); !result) return fail(result.error().message);
  }
  // As LiveKit's sample configuration has it: every address of this machine.
  if (std::ranges::count(config_.bind_addresses, "") != 0) config_.bind_addresses.clear();
  return config_;
}

}  // namespace gstlk::config
