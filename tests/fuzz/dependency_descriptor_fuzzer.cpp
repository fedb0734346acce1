// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>

#include "forward/dependency_selector.h"
#include "rtp/codec/dependency_descriptor.h"

// A sequence of descriptors, each after a byte with its length, through parser, selector and
// writer.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gstlk;
  rtp::DependencyDescriptorParser parser;
  forward::DependencySelector selector;
  ByteReader reader(ByteView(data, size));
  std::array<uint8_t, 255 + rtp::kMaxDescriptorGrowth> out;
  while (reader.remaining() > 0) {
    const size_t length = reader.u8();
    const ByteView descriptor = reader.bytes(std::min(length, reader.remaining()));
    const auto frame = parser.parse(descriptor);
    if (!frame) continue;
    selector.select(*frame, {1, 1});
    rtp::write_dependency_descriptor(
        descriptor, {true, frame->target_count, 7, selector.active_targets()}, out);
  }
  return 0;
}
