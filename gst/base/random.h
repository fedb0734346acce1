// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <span>

namespace gstlk {

// Where cores take randomness from; tests give a counter. Fills `out` with bytes fit for keys.
using RandomSource = void (*)(std::span<uint8_t> out);

}  // namespace gstlk
