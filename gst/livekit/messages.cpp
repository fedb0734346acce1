// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit/messages.h"

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include "livekit/json.h"

namespace gstlk::livekit {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool is_message(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

// Timestamps, durations and any are text or objects of their own shape in JSON.
bool is_well_known(const Descriptor& type) {
  return std::string_view(type.full_name()).starts_with("google.protobuf.");
}

void add_nulls(JsonNode* node, const Descriptor& type);

// libprotobuf prints defaults on request, but never an absent message; LiveKit prints null.
void add_nulls_to_field(JsonObject* object, const FieldDescriptor& field) {
  const char* name = field.name().c_str();
  JsonNode* value = json_object_get_member(object, name);
  if (field.is_map()) {
    const FieldDescriptor& mapped = *field.message_type()->map_value();
    if (!value || !is_message(mapped)) return;
    JsonObjectIter iterator;
    json_object_iter_init(&iterator, json_node_get_object(value));
    JsonNode* element = nullptr;
    while (json_object_iter_next(&iterator, nullptr, &element)) {
      add_nulls(element, *mapped.message_type());
    }
  } else if (field.is_repeated()) {
    if (!value) return;
    JsonArray* array = json_node_get_array(value);
    for (guint i = 0; i < json_array_get_length(array); i++) {
      add_nulls(json_array_get_element(array, i), *field.message_type());
    }
  } else if (value) {
    add_nulls(value, *field.message_type());
  } else if (!field.real_containing_oneof()) {
    json_object_set_null_member(object, name);
  }
}

void add_nulls(JsonNode* node, const Descriptor& type) {
  if (is_well_known(type) || !JSON_NODE_HOLDS_OBJECT(node)) return;
  for (int i = 0; i < type.field_count(); i++) {
    const FieldDescriptor& field = *type.field(i);
    if (is_message(field)) add_nulls_to_field(json_node_get_object(node), field);
  }
}

// json_parser_new_immutable() would forbid add_nulls(), and our own text needs no guard.
JsonPtr parse_own_json(const std::string& text) {
  return JsonPtr(json_from_string(text.c_str(), nullptr));
}

}  // namespace

Bytes to_protobuf(const Message& message) {
  Bytes bytes(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(bytes.data());
  return bytes;
}

bool from_protobuf(ByteView bytes, Message& message) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

std::string to_json(const Message& message) {
  std::string text;
  // Fails only for an Any of an unknown type, which we never send.
  if (!google::protobuf::util::MessageToJsonString(message, &text).ok()) return "{}";
  return text;
}

Result<void> from_json(std::string_view text, Message& message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status =
      google::protobuf::util::JsonStringToMessage({text.data(), text.size()}, &message, options);
  if (!status.ok()) return fail(status.message().ToString());
  return {};
}

std::string to_api_json(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) return "{}";
  const JsonPtr root = parse_own_json(text);
  if (!root) return text;
  add_nulls(root.get(), *message.GetDescriptor());
  return print_json(root.get());
}

}  // namespace gstlk::livekit
