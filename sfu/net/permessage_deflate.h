// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gio/gio.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ref.h"
#include "base/result.h"

namespace gstlk::net {

enum class InflateError : uint8_t { Malformed, TooLarge };

// Compression of WebSocket messages, RFC 7692, always without context takeover in both directions:
// no message depends on another, so all connections share one of these and keep nothing themselves
// (a zlib state is 300 kB). Not thread-safe.
//
// Left out: windows other than 32 kB; an offer that insists on a smaller one is declined.
class PermessageDeflate {
 public:
  PermessageDeflate();

  // Looks through a Sec-WebSocket-Extensions header of a client: what the response says, or empty
  // when compression is not offered in a form that is understood.
  static std::string accept(std::string_view offers);

  std::string compress(std::string_view message);
  // At most `limit` bytes; stops as soon as there are more.
  Result<std::string, InflateError> inflate(std::string_view packed, size_t limit);

 private:
  Ref<GZlibCompressor> compressor_;
  Ref<GZlibDecompressor> decompressor_;
};

}  // namespace gstlk::net
