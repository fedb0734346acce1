// SPDX-License-Identifier: LGPL-2.1-or-later
#include "logging/log_output.h"

#include <gtest/gtest.h>

namespace gstlk::logging {
namespace {

TEST(LogOutput, ComponentsHaveLevelsOfTheirOwn) {
  config::LoggingConfig config;
  config.level = "debug";
  config.component_levels = {{"room", "error"}, {"sfu-ice", "trace"}};
  std::vector<std::string> warnings;
  const auto all = thresholds(config, warnings);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].category, "sfu*");
  EXPECT_EQ(all[0].level, GST_LEVEL_DEBUG);
  EXPECT_EQ(all[1].category, "sfu-room*");
  EXPECT_EQ(all[1].level, GST_LEVEL_ERROR);
  EXPECT_EQ(all[2].category, "sfu-ice*");
  EXPECT_EQ(all[2].level, GST_LEVEL_TRACE);
  EXPECT_TRUE(warnings.empty());
}

TEST(LogOutput, ALevelThatIsNoneIsSaid) {
  config::LoggingConfig config;
  config.component_levels = {{"room", "loud"}};
  std::vector<std::string> warnings;
  EXPECT_EQ(thresholds(config, warnings).size(), 1u);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0],
            "logging.component_levels.room: expected error, warn, info, debug or trace, not "
            "\"loud\"");
}

TEST(LogOutput, AJsonLineIsOneObject) {
  EXPECT_EQ(json_line(GST_LEVEL_WARNING, "sfu-room", "room.cpp", 7, "a \"b\"\n\xff",
                      1'700'000'000'250'000),
            "{\"level\":\"warn\",\"ts\":1700000000.250000,\"logger\":\"sfu-room\",\"caller\":"
            "\"room.cpp:7\",\"msg\":\"a \\\"b\\\"\\u000a\xef\xbf\xbd\"}");
}

TEST(LogOutput, WhatTheDaemonItselfSaysIsJsonWithTheRest) {
  config::LoggingConfig config;
  EXPECT_EQ(own_line(config, GST_LEVEL_INFO, "livekit-sfu: a", 1'000'000, "a.cpp", 1),
            "livekit-sfu: a");
  config.json = true;
  EXPECT_EQ(own_line(config, GST_LEVEL_INFO, "livekit-sfu: a", 1'000'000, "a.cpp", 1),
            "{\"level\":\"info\",\"ts\":1.000000,\"logger\":\"sfu-daemon\",\"caller\":\"a.cpp:1\","
            "\"msg\":\"livekit-sfu: a\"}");
}

}  // namespace
}  // namespace gstlk::logging
