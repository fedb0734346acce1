// SPDX-License-Identifier: LGPL-2.1-or-later
// An extension block after its two bytes of profile: walks it, reads each element in every way, and
// writes it again.
#include <array>

#include "rtp/header_extension.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gstlk;
  using namespace gstlk::rtp;
  if (size < 2) return 0;
  const ByteView input(data, size);
  std::array<uint8_t, 256> room{};
  ExtensionWriter writer(room, size % 2 == 0);
  ExtensionReader reader(load_u16(data), input.subspan(2));
  while (const auto element = reader.next()) {
    read_audio_level(element->data);
    read_transport_sequence(element->data);
    read_abs_send_time(element->data);
    read_abs_capture_time(element->data);
    read_sdes_text(element->data);
    writer.add(element->id, element->data);
  }
  const size_t written = writer.finish();
  if (written > room.size() || written % 4 != 0) __builtin_trap();
  return 0;
}
