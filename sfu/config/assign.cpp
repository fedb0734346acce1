// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "config/config_keys.h"
#include "config/config_values.h"

namespace gstlk::config {
namespace {

// Stores when there is a place of that type; a key without one is only checked.
template <class T, class V>
void store(const Target& target, V&& value) {
  if (T* const* place = std::get_if<T*>(&target)) **place = std::forward<V>(value);
}

Result<void> assign_bool(const Target& target, const std::string& text) {
  const auto value = parse_bool(text);
  if (!value) return fail("true or false");
  store<bool>(target, *value);
  return {};
}

Result<void> assign_integer(const Target& target, const std::string& text) {
  const bool narrow = std::holds_alternative<uint16_t*>(target);
  const auto value = parse_integer(text, narrow ? UINT16_MAX : UINT32_MAX);
  if (!value) {
    return fail(narrow ? "a number from 0 to 65535" : "a number that is whole and not negative");
  }
  store<uint16_t>(target, static_cast<uint16_t>(*value));
  store<uint32_t>(target, static_cast<uint32_t>(*value));
  return {};
}

Result<void> assign_limit(const Target& target, const std::string& text) {
  const bool negative = text.starts_with('-') && parse_integer(text.substr(1), UINT32_MAX);
  return assign_integer(target, negative ? "0" : text);
}

Result<void> assign_number(const Target& target, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(value)) return fail("a number");
  store<double>(target, value);
  return {};
}

Result<void> assign_duration(const Target& target, const std::string& text) {
  const auto value = parse_duration(text);
  if (!value) return fail("a duration like 5s or 500ms");
  store<Duration>(target, *value);
  return {};
}

template <class Unit>
Result<void> assign_plain_duration(const Target& target, const std::string& text) {
  if (const auto number = parse_integer(text, UINT32_MAX)) {
    store<Duration>(target, Duration(Unit(*number)));
    return {};
  }
  return assign_duration(target, text);
}

Result<void> assign_ports(const Target& target, const std::string& text) {
  const auto value = parse_ports(text);
  if (!value) return fail("a port like 7882 or a range like 7882-7892");
  store<PortRange>(target, *value);
  return {};
}

Result<void> assign_scalar(const ConfigKey& key, const Target& target, const std::string& text) {
  switch (key.kind) {
    case ValueKind::Bool:
      return assign_bool(target, text);
    case ValueKind::Integer:
      return assign_integer(target, text);
    case ValueKind::Limit:
      return assign_limit(target, text);
    case ValueKind::Number:
      return assign_number(target, text);
    case ValueKind::Duration:
      return assign_duration(target, text);
    case ValueKind::Seconds:
      return assign_plain_duration<std::chrono::seconds>(target, text);
    case ValueKind::Milliseconds:
      return assign_plain_duration<std::chrono::milliseconds>(target, text);
    case ValueKind::Ports:
      return assign_ports(target, text);
    case ValueKind::TextList:
      store<std::vector<std::string>>(target, parse_list(text));
      return {};
    default:
      store<std::string>(target, text);
      return {};
  }
}

Result<void> assign_list(const Target& target, const YamlNode& node) {
  std::vector<std::string> texts;
  for (const YamlNode& item : node.items) {
    if (item.kind != YamlNode::Kind::Scalar) return fail("a list of texts");
    texts.push_back(item.text);
  }
  store<std::vector<std::string>>(target, std::move(texts));
  return {};
}

Result<void> assign_map(const Target& target, const YamlNode& node, bool keys) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, value] : node.members) {
    if (value.kind != YamlNode::Kind::Scalar) {
      return fail(keys ? "a secret for \"" + name + "\"" : "a text for \"" + name + "\"");
    }
    texts[name] = value.text;
  }
  if (keys) {
    store<livekit::ApiKeys>(target, livekit::ApiKeys(texts.begin(), texts.end()));
  } else {
    store<std::map<std::string, std::string>>(target, std::move(texts));
  }
  return {};
}

Result<void> assign_keys(const Target& target, const YamlNode& node) {
  if (node.kind == YamlNode::Kind::Map) return assign_map(target, node, true);
  auto keys = parse_api_keys(node.text);
  if (!keys) return fail("\"key: secret\"");
  store<livekit::ApiKeys>(target, std::move(*keys));
  return {};
}

}  // namespace

Result<void> assign(const ConfigKey& key, const YamlNode& node, Config& config) {
  if (node.kind == YamlNode::Kind::Null) return {};
  if (key.kind == ValueKind::Subtree) return key.read ? key.read(config, node) : Result<void>();
  const Target target = key.target ? key.target(config) : Target();
  if (key.kind == ValueKind::ApiKeys) return assign_keys(target, node);
  if (key.kind == ValueKind::TextMap) {
    return node.kind == YamlNode::Kind::Map ? assign_map(target, node, false)
                                            : fail("names with a text each");
  }
  if (key.kind == ValueKind::TextList && node.kind == YamlNode::Kind::List) {
    return assign_list(target, node);
  }
  if (node.kind != YamlNode::Kind::Scalar) return fail("a single value");
  return assign_scalar(key, target, node.text);
}

}  // namespace gstlk::config
