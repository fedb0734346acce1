// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/codec/red.h"

#include <algorithm>
#include <bitset>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gstlk::rtp::RedUnwrapper unwrapper;
  std::bitset<65536> given;
  gstlk::ByteReader reader(gstlk::ByteView(data, size));
  while (reader.remaining() > 0) {
    const uint16_t sequence = reader.u8();
    const size_t length = reader.u8();
    const auto output =
        unwrapper.handle(sequence, 0, reader.bytes(std::min(length, reader.remaining())));
    for (const gstlk::rtp::UnwrappedAudio& audio : output.list()) {
      if (given[audio.sequence]) abort();  // no number twice
      given.set(audio.sequence);
    }
  }
  return 0;
}
