// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "config/config.h"

// One scalar's text to a value; nullopt when it is something else.
namespace gstlk::config {

std::optional<bool> parse_bool(std::string_view text);
std::optional<uint64_t> parse_integer(std::string_view text, uint64_t max);
// As Go writes durations: "5s", "1m30s", "500ms", "1.5h"; a bare 0.
std::optional<Duration> parse_duration(std::string_view text);
// "7882" or "7882-7892".
std::optional<PortRange> parse_ports(std::string_view text);
// A map of YAML, as LiveKit has them, or pairs of "key:secret", with or without a space, on lines
// or between commas.
std::optional<livekit::ApiKeys> parse_api_keys(std::string_view text);
// Split at commas, without the space around.
std::vector<std::string> parse_list(std::string_view text);

}  // namespace gstlk::config
