// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rtp/codec/payload_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gstlk;
  rtp::parse_h264(ByteView(data, size), false);
  return 0;
}
