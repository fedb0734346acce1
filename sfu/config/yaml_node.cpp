// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/yaml_node.h"

#include <yaml.h>

#include <cstdlib>

namespace gstlk::config {
namespace {

constexpr int kMaxDepth = 32;
// An alias is a copy, and copies of copies grow.
constexpr size_t kMaxNodes = 100'000;

class TreeBuilder {
 public:
  TreeBuilder(yaml_document_t& document, const std::string& source, const Environment& environment)
      : document_(document), source_(source), environment_(environment) {}

  Result<YamlNode> build() {
    yaml_node_t* root = yaml_document_get_root_node(&document_);
    YamlNode node;
    if (root) node = build(*root, 0);
    if (!error_.empty()) return fail(error_);
    return node;
  }

 private:
  YamlNode build(const yaml_node_t& from, int depth) {
    YamlNode node;
    node.line = static_cast<unsigned>(from.start_mark.line) + 1;
    if (depth > kMaxDepth || ++count_ > kMaxNodes) {
      set_error(node.line, "nested too deeply or too large");
    } else if (from.type == YAML_SCALAR_NODE) {
      read_scalar(from, node);
    } else if (from.type == YAML_SEQUENCE_NODE) {
      node.kind = YamlNode::Kind::List;
      for (auto* i = from.data.sequence.items.start; i != from.data.sequence.items.top; i++) {
        node.items.push_back(build(*yaml_document_get_node(&document_, *i), depth + 1));
      }
    } else if (from.type == YAML_MAPPING_NODE) {
      node.kind = YamlNode::Kind::Map;
      for (auto* i = from.data.mapping.pairs.start; i != from.data.mapping.pairs.top; i++) {
        const YamlNode key = build(*yaml_document_get_node(&document_, i->key), depth + 1);
        if (key.kind != YamlNode::Kind::Scalar) set_error(key.line, "a key must be plain text");
        node.members.push_back(
            {key.text, build(*yaml_document_get_node(&document_, i->value), depth + 1)});
        if (!key.unset.empty()) node.members.back().value.unset = key.unset;
      }
    }
    return node;
  }

  void read_scalar(const yaml_node_t& from, YamlNode& node) {
    const std::string text(reinterpret_cast<const char*>(from.data.scalar.value),
                           from.data.scalar.length);
    node.quoted = from.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (!node.quoted && (text.empty() || text == "~" || text == "null")) return;
    node.kind = YamlNode::Kind::Scalar;
    node.text = expand(text, node.unset);
  }

  std::string expand(const std::string& text, std::string& unset) {
    std::string out;
    size_t at = 0;
    while (true) {
      const size_t open = text.find("${", at);
      const size_t close = open == std::string::npos ? open : text.find('}', open);
      if (close == std::string::npos) return out + text.substr(at);
      const std::string name = text.substr(open + 2, close - open - 2);
      const std::optional<std::string> value = environment_(name);
      if (!value) unset = name;
      out += text.substr(at, open - at) + value.value_or("");
      at = close + 1;
    }
  }

  void set_error(unsigned line, const std::string& what) {
    if (error_.empty()) error_ = source_ + ":" + std::to_string(line) + ": " + what;
  }

  yaml_document_t& document_;
  const std::string& source_;
  const Environment& environment_;
  size_t count_ = 0;
  std::string error_;
};

std::string quote_json(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

bool is_json_literal(const std::string& text) {
  if (text == "true" || text == "false") return true;
  if (text.empty() || text.find_first_not_of("-0123456789.eE+") != std::string::npos) return false;
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  return *end == '\0' && text[0] != '+' && text[0] != '.';
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view name) const {
  for (const Member& member : members) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

Result<YamlNode> parse_yaml(std::string_view text, const std::string& source,
                            const Environment& environment) {
  if (text.empty()) return YamlNode();
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser)) return fail("out of memory");
  yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()),
                               text.size());
  yaml_document_t document;
  Result<YamlNode> result = fail("");
  if (yaml_parser_load(&parser, &document)) {
    result = TreeBuilder(document, source, environment).build();
    yaml_document_delete(&document);
  } else {
    result = fail(source + ":" + std::to_string(parser.problem_mark.line + 1) +
                  ": not valid YAML: " + (parser.problem ? parser.problem : "unreadable"));
  }
  yaml_parser_delete(&parser);
  return result;
}

YamlNode scalar_node(std::string text) {
  YamlNode node;
  node.kind = YamlNode::Kind::Scalar;
  node.text = std::move(text);
  return node;
}

std::string to_json(const YamlNode& node) {
  std::string out;
  const char* separator = "";
  switch (node.kind) {
    case YamlNode::Kind::Null:
      return "null";
    case YamlNode::Kind::Scalar:
      return !node.quoted && is_json_literal(node.text) ? node.text : quote_json(node.text);
    case YamlNode::Kind::List:
      for (const YamlNode& item : node.items) {
        out += std::exchange(separator, ",") + to_json(item);
      }
      return "[" + out + "]";
    case YamlNode::Kind::Map:
      for (const auto& [name, value] : node.members) {
        out += std::exchange(separator, ",") + quote_json(name) + ":" + to_json(value);
      }
      return "{" + out + "}";
  }
  return out;
}

}  // namespace gstlk::config
