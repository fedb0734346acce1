// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gstlk::signal {

enum class InflateFault : uint8_t { None, Malformed, TooLarge };

struct Inflated {
  InflateFault fault = InflateFault::None;
  std::string bytes;
};

// Unpacks a whole gzip member (RFC 1952) of at most `limit` bytes; stops as soon as there is more.
Inflated inflate_gzip(std::string_view packed, size_t limit);

}  // namespace gstlk::signal
