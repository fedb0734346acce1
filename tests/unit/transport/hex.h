// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <charconv>
#include <string_view>

#include "base/bytes.h"

namespace gstlk::transport {

// The bytes that a test vector prints.
inline Bytes from_hex(std::string_view text) {
  Bytes bytes(text.size() / 2);
  for (size_t i = 0; i < bytes.size(); ++i)
    std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, bytes[i], 16);
  return bytes;
}

}  // namespace gstlk::transport
