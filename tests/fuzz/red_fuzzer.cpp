// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/codec/red.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gstlk::rtp::RedUnwrapper unwrapper;
  gstlk::ByteReader reader(gstlk::ByteView(data, size));
  while (reader.remaining() > 0) {
    const uint16_t sequence = reader.u8();
    const size_t length = reader.u8();
    unwrapper.handle(sequence, 0, reader.bytes(std::min(length, reader.remaining())));
  }
  return 0;
}
