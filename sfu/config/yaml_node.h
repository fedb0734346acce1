// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gstlk::config {

// Values by name, as getenv() has them; tests give their own.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// A value of a YAML file and where it stands.
struct YamlNode {
  enum class Kind : uint8_t { Null, Scalar, List, Map };
  struct Member;

  Kind kind = Kind::Null;
  std::string text;             // of a scalar
  bool quoted = false;          // a quoted scalar is text, whatever it looks like
  std::vector<YamlNode> items;  // of a list
  std::vector<Member> members;  // of a map
  unsigned line = 0;            // from 1; 0 when it is from no file
  std::string unset;            // a variable in it, or in its key, that the environment has not

  const YamlNode* find(std::string_view name) const;
};

struct YamlNode::Member {
  std::string name;
  YamlNode value;
};

// Parses one document. ${NAME} in keys and values becomes what the environment has of it, or is
// noted in `unset`. `source` is what an error message names: "livekit.yaml:3: ...".
Result<YamlNode> parse_yaml(std::string_view text, const std::string& source,
                            const Environment& environment);

// A value that was not in a file.
YamlNode scalar_node(std::string text);

// For the parts that are protobuf messages; plain scalars that look like numbers or booleans are.
std::string to_json(const YamlNode& node);

}  // namespace gstlk::config
