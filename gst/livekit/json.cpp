// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit/json.h"

#include "base/ref.h"

namespace gstlk::livekit {
namespace {

constexpr int kMaxDepth = 64;

// json-glib also reads C comments and single quotes, either of which would hide brackets from this
// count; JSON has neither outside of strings.
bool is_safe_to_parse(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    if (c == '"') {
      in_string = !in_string;
    } else if (in_string) {
      if (c == '\\') i++;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return false;
    } else if (c == '}' || c == ']') {
      depth--;
    } else if (c == '/' || c == '\'' || c == '#') {
      return false;
    }
  }
  return true;
}

}  // namespace

JsonPtr parse_json(std::string_view text) {
  if (text.empty()) return nullptr;
  if (!g_utf8_validate_len(text.data(), text.size(), nullptr)) return nullptr;
  if (!is_safe_to_parse(text)) return nullptr;
  auto parser = Ref<JsonParser>::adopt(json_parser_new_immutable());
  if (!json_parser_load_from_data(parser.get(), text.data(), static_cast<gssize>(text.size()),
                                  nullptr)) {
    return nullptr;
  }
  JsonNode* root = json_parser_get_root(parser.get());
  return JsonPtr(root ? json_node_ref(root) : nullptr);
}

std::string print_json(JsonNode* node) {
  char* text = json_to_string(node, FALSE);
  std::string out = text;
  g_free(text);
  return out;
}

}  // namespace gstlk::livekit
