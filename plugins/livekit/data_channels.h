// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace gstlk::client {

// Labels of LiveKit's data channels (protocol section 6.7).
inline constexpr char kReliableChannel[] = "_reliable";
inline constexpr char kLossyChannel[] = "_lossy";

inline const char* channel_label(bool reliable) {
  return reliable ? kReliableChannel : kLossyChannel;
}

}  // namespace gstlk::client
