// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "base/ids.h"

namespace gstlk::sfu {

// The newest packet of the SSRC that a stream has now, to know what comes behind it.
class NewestPacket {
 public:
  // False: newer ones of the same SSRC came before.
  bool update(Ssrc ssrc, uint16_t sequence) {
    const bool late = started_ && ssrc == ssrc_ && static_cast<int16_t>(sequence - sequence_) < 0;
    if (!late) *this = NewestPacket(ssrc, sequence);
    return !late;
  }

  NewestPacket() = default;

 private:
  NewestPacket(Ssrc ssrc, uint16_t sequence) : started_(true), sequence_(sequence), ssrc_(ssrc) {}

  bool started_ = false;
  uint16_t sequence_ = 0;
  Ssrc ssrc_;
};

}  // namespace gstlk::sfu
