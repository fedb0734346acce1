// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdlib>

#include "rtp/codec/payload_parser.h"

// What is read and written again reads the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gstlk;
  const auto descriptor = rtp::parse_vp8(ByteView(data, size), false);
  if (!descriptor) return 0;
  Bytes again(6);
  again.resize(rtp::write_vp8_descriptor(descriptor->vp8, again.data()));
  again.push_back(0);
  const auto second = rtp::parse_vp8(again, false);
  if (!second || second->vp8.picture_id != descriptor->vp8.picture_id) abort();
  return 0;
}
