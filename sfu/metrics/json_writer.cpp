// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/json_writer.h"

#include "livekit/json.h"

namespace gstlk::metrics {

void JsonWriter::member(const char* name, const std::string& text) {
  json_builder_set_member_name(builder_.get(), name);
  char* valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
  json_builder_add_string_value(builder_.get(), valid);
  g_free(valid);
}

void JsonWriter::member(const char* name, bool value) {
  json_builder_set_member_name(builder_.get(), name);
  json_builder_add_boolean_value(builder_.get(), value);
}

void JsonWriter::member(const char* name, double value) {
  json_builder_set_member_name(builder_.get(), name);
  json_builder_add_double_value(builder_.get(), value);
}

void JsonWriter::integer(const char* name, int64_t value) {
  json_builder_set_member_name(builder_.get(), name);
  json_builder_add_int_value(builder_.get(), value);
}

void JsonWriter::null_member(const char* name) {
  json_builder_set_member_name(builder_.get(), name);
  json_builder_add_null_value(builder_.get());
}

std::string JsonWriter::print() const {
  const livekit::JsonPtr root(json_builder_get_root(builder_.get()));
  return livekit::print_json(root.get());
}

}  // namespace gstlk::metrics
