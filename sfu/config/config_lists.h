// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/result.h"
#include "config/config.h"
#include "config/yaml_node.h"

// The keys whose values are lists or maps of structures. An error says what would be right.
namespace gstlk::config {

Result<void> read_enabled_codecs(Config& config, const YamlNode& node);
Result<void> read_room_configurations(Config& config, const YamlNode& node);
Result<void> read_simulcast_layers(Config& config, const YamlNode& node);
Result<void> read_turn_servers(Config& config, const YamlNode& node);

}  // namespace gstlk::config
