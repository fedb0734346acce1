// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include <memory>
#include <string>
#include <string_view>

namespace gstlk::livekit {

struct JsonNodeDeleter {
  void operator()(JsonNode* node) const { json_node_unref(node); }
};
using JsonPtr = std::unique_ptr<JsonNode, JsonNodeDeleter>;

// Text from the network to a tree; nullptr when it is not JSON, not UTF-8 or nested more than 64
// deep (json-glib 1.6 recurses without a limit of its own).
JsonPtr parse_json(std::string_view text);

// Without line breaks.
std::string print_json(JsonNode* node);

}  // namespace gstlk::livekit
