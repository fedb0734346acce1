// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>

namespace gstlk {

// Asks the processor for the cache lines of what will be written soon. Never faults, whatever the
// address.
inline void prefetch(const void* address, size_t size) {
  constexpr size_t kLine = 64;
  const char* bytes = static_cast<const char*>(address);
  for (size_t at = 0; at < size; at += kLine) __builtin_prefetch(bytes + at, 1);
}

}  // namespace gstlk
