// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace gstlk::forward {

// The most simulcast encodings, or spatial layers of one SVC encoding, that a track has.
inline constexpr size_t kMaxSpatialLayers = 4;

// One quality of a track. With simulcast `spatial` is the index of the encoding, lowest first; with
// SVC it is the spatial layer in the only encoding.
// Aligned as a whole, which Clang needs to see for a std::atomic of it without a lock.
struct alignas(uint16_t) Layer {
  uint8_t spatial = 0;
  uint8_t temporal = 0;
  constexpr auto operator<=>(const Layer&) const = default;
};

inline constexpr Layer kHighestLayer{kMaxSpatialLayers - 1, 7};

}  // namespace gstlk::forward
