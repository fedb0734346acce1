// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

#include "net/web_socket_frames.h"

namespace gstlk::net {

constexpr uint8_t kLast = 0x80;
constexpr uint8_t kDeflated = 0x40;

// A masked frame as a client sends it; `flags` are the upper bits of the first byte.
inline std::string client_frame(Opcode opcode, std::string_view payload, uint8_t flags = kLast) {
  constexpr std::string_view kMask = "\x12\x34\x56\x78";
  std::string frame = frame_header(opcode, false, payload.size());
  frame[0] = static_cast<char>(flags | static_cast<uint8_t>(opcode));
  frame[1] = static_cast<char>(static_cast<uint8_t>(frame[1]) | 0x80);
  frame += kMask;
  for (size_t i = 0; i < payload.size(); i++) {
    frame += static_cast<char>(payload[i] ^ kMask[i % kMask.size()]);
  }
  return frame;
}

}  // namespace gstlk::net
