// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal/inflate.h"

#include <gio/gio.h>

#include <array>

#include "base/ref.h"

namespace gstlk::signal {

Inflated inflate_gzip(std::string_view packed, size_t limit) {
  const auto inflater =
      Ref<GZlibDecompressor>::adopt(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  Inflated result;
  std::array<char, 16384> chunk;
  while (true) {
    gsize read = 0;
    gsize written = 0;
    const GConverterResult state =
        g_converter_convert(G_CONVERTER(inflater.get()), packed.data(), packed.size(), chunk.data(),
                            chunk.size(), G_CONVERTER_INPUT_AT_END, &read, &written, nullptr);
    if (state == G_CONVERTER_ERROR) return {InflateFault::Malformed, {}};
    packed.remove_prefix(read);
    if (result.bytes.size() + written > limit) return {InflateFault::TooLarge, {}};
    result.bytes.append(chunk.data(), written);
    if (state == G_CONVERTER_FINISHED) return result;
  }
}

}  // namespace gstlk::signal
