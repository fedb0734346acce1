// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/config_values.h"

#include <glib.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "config/yaml_node.h"

namespace gstlk::config {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string_view unquote(std::string_view text) {
  text = trim(text);
  const bool quoted =
      text.size() >= 2 && (text[0] == '"' || text[0] == '\'') && text.back() == text[0];
  return quoted ? text.substr(1, text.size() - 2) : text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(trim(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

struct Unit {
  std::string_view name;
  double microseconds;
};
constexpr Unit kUnits[] = {
    {"h", 3600e6}, {"m", 60e6}, {"s", 1e6}, {"ms", 1e3}, {"us", 1}, {"ns", 1e-3}, {"\xc2\xb5s", 1},
};

bool add_key(std::string_view pair, livekit::ApiKeys& keys) {
  const size_t colon = pair.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view key = unquote(pair.substr(0, colon));
  const std::string_view secret = unquote(pair.substr(colon + 1));
  if (key.empty() || secret.empty()) return false;
  keys[std::string(key)] = secret;
  return true;
}

// A secret may have a comma in it: it separates only where pairs stand on both of its sides.
bool has_pairs_between_commas(std::string_view line) {
  return std::ranges::all_of(split(line, ','), [](std::string_view part) {
    return part.find(':') != std::string_view::npos;
  });
}

// As YAML's: a line that is one, or what is behind the value.
std::string_view without_comment(std::string_view line) {
  if (line.starts_with('#')) return {};
  if (line.find_first_of("\"'") != std::string_view::npos) return line;
  return trim(line.substr(0, line.find(" #")));
}

// Nullopt: it is no map.
std::optional<YamlNode> parse_map(std::string_view text) {
  // What looks like a variable is part of a secret here.
  Result<YamlNode> root = parse_yaml(
      text, "", [](const std::string& name) { return std::optional("${" + name + "}"); });
  if (!root || root->kind != YamlNode::Kind::Map) return std::nullopt;
  return std::move(*root);
}

std::optional<livekit::ApiKeys> keys_of(const YamlNode& map) {
  livekit::ApiKeys keys;
  for (const auto& [key, secret] : map.members) {
    if (key.empty() || secret.kind != YamlNode::Kind::Scalar || secret.text.empty())
      return std::nullopt;
    keys[key] = secret.text;
  }
  if (keys.empty()) return std::nullopt;
  return keys;
}

}  // namespace

std::optional<bool> parse_bool(std::string_view text) {
  // Those of YAML 1.1, which LiveKit's decoder takes where a boolean is wanted.
  std::string word(text);
  std::ranges::transform(word, word.begin(), g_ascii_tolower);
  for (const char* yes : {"true", "yes", "y", "on", "1"}) {
    if (word == yes) return true;
  }
  for (const char* no : {"false", "no", "n", "off", "0"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

std::optional<uint64_t> parse_integer(std::string_view text, uint64_t max) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration(0);
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || !(number >= 0)) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    const std::string_view name = text.substr(0, text.find_first_of("0123456789."));
    const auto* unit = std::ranges::find(kUnits, name, &Unit::name);
    if (unit == std::end(kUnits)) return std::nullopt;
    total += number * unit->microseconds;
    text.remove_prefix(name.size());
  }
  if (total > 1e15) return std::nullopt;  // thirty years
  return Duration(static_cast<Duration::rep>(total));
}

std::optional<PortRange> parse_ports(std::string_view text) {
  const std::vector<std::string_view> ends = split(text, '-');
  if (ends.size() > 2) return std::nullopt;
  const auto first = parse_integer(ends.front(), 65535);
  const auto last = parse_integer(ends.back(), 65535);
  if (!first || !last || *last < *first) return std::nullopt;
  return PortRange{static_cast<uint16_t>(*first), static_cast<uint16_t>(*last)};
}

std::optional<livekit::ApiKeys> parse_api_keys(std::string_view text) {
  // Without the space in front: a map would end where a line has less of it.
  text = trim(text);
  if (const auto map = parse_map(text)) {
    if (auto keys = keys_of(*map)) return keys;
  }
  if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
  livekit::ApiKeys keys;
  for (const std::string_view whole : split(text, '\n')) {
    const std::string_view line = without_comment(whole);
    if (line.empty()) continue;
    if (has_pairs_between_commas(line)) {
      for (const std::string_view pair : split(line, ',')) {
        if (!add_key(pair, keys)) return std::nullopt;
      }
    } else if (!add_key(line, keys)) {
      return std::nullopt;
    }
  }
  if (keys.empty()) return std::nullopt;
  return keys;
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string_view part : split(text, ',')) {
    if (!part.empty()) out.emplace_back(part);
  }
  return out;
}

}  // namespace gstlk::config
