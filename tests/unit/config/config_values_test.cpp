// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/config_values.h"

#include <gtest/gtest.h>

namespace gstlk::config {
namespace {

TEST(ParseDuration, ReadsGosNotation) {
  EXPECT_EQ(parse_duration("5s"), Duration(5s));
  EXPECT_EQ(parse_duration("500ms"), Duration(500ms));
  EXPECT_EQ(parse_duration("1m30s"), Duration(90s));
  EXPECT_EQ(parse_duration("1.5h"), Duration(90min));
  EXPECT_EQ(parse_duration("20us"), Duration(20us));
  EXPECT_EQ(parse_duration("0"), Duration(0));
}

TEST(ParseDuration, RefusesEverythingElse) {
  for (const char* text : {"", "5", "s", "-5s", "5x", "5s 3", "1e3s", "5sm", "99999999999999h"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(ParseApiKeys, ReadsLinesAndCommasWithAndWithoutSpace) {
  const livekit::ApiKeys two{{"a", "1"}, {"b", "2"}};
  for (const char* text : {"a: 1\nb: 2", "a:1\nb:2\n", "a: 1, b: 2", "a:1,b:2", "{a: 1, b: 2}",
                           "{a:1,b:2}", "\n  \"a\": '1'\r\n b: 2 \n"}) {
    EXPECT_EQ(parse_api_keys(text), two) << text;
  }
}

TEST(ParseApiKeys, ASecretMayHaveColonsAndCommas) {
  EXPECT_EQ(parse_api_keys("a: x:y,z"), (livekit::ApiKeys{{"a", "x:y,z"}}));
}

TEST(ParseApiKeys, CommentsAreNoKeysAndNoPartOfASecret) {
  const livekit::ApiKeys two{{"a", "1"}, {"b", "2"}};
  for (const char* text :
       {"# production\na: 1\nb: 2", "# rotate: weekly\na: 1 # prod\nb: '2'\n",
        "# rotate: weekly\na:1\nb:2 # prod", "a:1 # x\n\n  # y: z\nb: 2", "a: |-\n  1\nb: 2"}) {
    EXPECT_EQ(parse_api_keys(text), two) << text;
  }
  EXPECT_EQ(parse_api_keys("a: x#y"), (livekit::ApiKeys{{"a", "x#y"}}));
  EXPECT_EQ(parse_api_keys("a: 'x #y'"), (livekit::ApiKeys{{"a", "x #y"}}));
  EXPECT_EQ(parse_api_keys("a: x${y}"), (livekit::ApiKeys{{"a", "x${y}"}}));
}

TEST(ParseApiKeys, RefusesWhatIsNoPair) {
  for (const char* text : {"", "a", "a:", ":b", "a: 1\nb", "# a: 1"})
    EXPECT_FALSE(parse_api_keys(text));
}

TEST(ParsePorts, ReadsOneAndARange) {
  EXPECT_EQ(parse_ports("7882")->last, 7882);
  EXPECT_EQ(parse_ports("1-3")->first, 1);
  EXPECT_EQ(parse_ports("1 - 3")->last, 3);
  for (const char* text : {"", "-", "1-", "3-1", "1-2-3", "65536", "x"}) {
    EXPECT_FALSE(parse_ports(text)) << text;
  }
}

TEST(ParseBool, ReadsYamlsWords) {
  for (const char* text : {"true", "True", "TRUE", "yes", "Yes", "YES", "y", "on", "On", "ON", "1"})
    EXPECT_EQ(parse_bool(text), true) << text;
  for (const char* text : {"false", "False", "no", "No", "NO", "N", "off", "Off", "OFF", "0"})
    EXPECT_EQ(parse_bool(text), false) << text;
  for (const char* text : {"", "2", "yess", "o", "nope"})
    EXPECT_EQ(parse_bool(text), std::nullopt) << text;
}

}  // namespace
}  // namespace gstlk::config
