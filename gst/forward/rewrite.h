// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <type_traits>

#include "base/bytes.h"
#include "rtp/codec/dependency_descriptor.h"

namespace gstlk::forward {

// What differs between a received packet and the one that goes to one subscriber. SSRC, payload
// type and the ids of header extensions belong to the subscriber's transport and are not in here.
struct Rewrite {
  uint32_t timestamp = 0;
  uint16_t sequence = 0;
  bool marker = false;
  uint8_t head_replaced = 0;  // so many bytes at the start of the payload are left out,
  uint8_t head_size = 0;      // and so many of `head` are sent in their place
  std::array<uint8_t, 6> head{};
  // How the dependency descriptor changes; see rtp::write_dependency_descriptor().
  rtp::DependencyDescriptorEdit descriptor;

  bool operator==(const Rewrite&) const = default;
};
static_assert(std::is_trivially_copyable_v<Rewrite> && sizeof(Rewrite) <= 64);

// The size of the payload after the rewrite.
inline size_t rewritten_size(const Rewrite& rewrite, size_t payload_size) {
  return payload_size - rewrite.head_replaced + rewrite.head_size;
}

// Writes the rewritten payload. `out` has rewritten_size() bytes.
inline void write_payload(const Rewrite& rewrite, ByteView payload, std::span<uint8_t> out) {
  std::copy_n(rewrite.head.data(), rewrite.head_size, out.data());
  const ByteView tail = payload.subspan(rewrite.head_replaced);
  std::copy(tail.begin(), tail.end(), out.begin() + rewrite.head_size);
}

}  // namespace gstlk::forward
