// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/json_writer.h"

#include <gtest/gtest.h>

#include "livekit/json.h"

namespace gstlk::metrics {
namespace {

TEST(JsonWriter, WritesWhatAParserReads) {
  const std::string odd = "a \"quote\"\\ and\n\t\x01 \xc3\xbc/";
  JsonWriter json;
  json.object([&] {
    json.member("text", odd);
    json.member("number", 7u);
    json.member("below", -7);
    json.member("half", 0.5);
    json.member("tiny", 1e-9);
    json.member("yes", true);
    json.null_member("nothing");
    json.object("empty", [] {});
    json.array("list", [&] {
      for (int i = 0; i < 2; ++i) json.object([&] { json.member("i", i); });
    });
    json.member("last", "end");
  });
  const auto root = livekit::parse_json(json.text());
  ASSERT_TRUE(root) << json.text();
  JsonObject* object = json_node_get_object(root.get());
  EXPECT_EQ(json_object_get_string_member(object, "text"), odd);
  EXPECT_EQ(json_object_get_int_member(object, "number"), 7);
  EXPECT_EQ(json_object_get_int_member(object, "below"), -7);
  EXPECT_EQ(json_object_get_double_member(object, "half"), 0.5);
  EXPECT_EQ(json_object_get_double_member(object, "tiny"), 1e-9);
  EXPECT_TRUE(json_object_get_boolean_member(object, "yes"));
  EXPECT_TRUE(json_object_get_null_member(object, "nothing"));
  JsonArray* list = json_object_get_array_member(object, "list");
  ASSERT_EQ(json_array_get_length(list), 2u);
  EXPECT_EQ(json_object_get_int_member(json_array_get_object_element(list, 1), "i"), 1);
}

TEST(JsonWriter, MakesUtf8OfWhatIsNone) {
  JsonWriter json;
  json.object([&] { json.member("text", std::string("a\xff")); });
  EXPECT_EQ(json.text(), "{\"text\":\"a\xef\xbf\xbd\"}");
}

}  // namespace
}  // namespace gstlk::metrics
