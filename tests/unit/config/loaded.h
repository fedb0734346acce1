// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config_loader.h"

namespace gstlk::config {

// What comes of a file: a configuration, or the reason why there is none.
struct Loaded {
  std::optional<Config> config;
  std::string error;
  std::vector<std::string> warnings;
};

// `yaml` stands below a line with a key, in a file "a.yaml"; `more` overrides it.
inline Loaded load(const std::string& yaml,
                   const std::map<std::string, std::string>& environment = {},
                   const std::vector<Override>& more = {}) {
  ConfigLoader loader([&](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  });
  Loaded loaded;
  Result<void> read =
      loader.add_yaml("keys: {APIone: 12345678901234567890123456789012}\n" + yaml, "a.yaml");
  for (const Override& value : more) EXPECT_TRUE(loader.add_override(value));
  const Result<Config> config = read ? loader.finish() : Unexpected<Error>{read.error()};
  if (config) {
    loaded.config = *config;
  } else {
    loaded.error = config.error().message;
  }
  loaded.warnings = loader.warnings();
  return loaded;
}

}  // namespace gstlk::config
