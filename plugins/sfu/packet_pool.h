// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <span>

#include "base/ref.h"

namespace gstlk::sfu {

// Buffers for received packets, in two sizes so that an audio packet kept for retransmission does
// not hold a video packet's memory. They come back to the pool from whatever thread lets go last.
// take(): worker thread only.
class PacketPool {
 public:
  PacketPool();
  ~PacketPool();
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;

  // A buffer with room for `size` bytes, writable and mapped at `bytes`; null when larger than
  // kLarge. Its memory is system memory in one piece, so the pointer stays good for its life.
  Ref<GstBuffer> take(size_t size, std::span<uint8_t>* bytes);

  static constexpr size_t kSmall = 320;
  static constexpr size_t kLarge = 2048;

 private:
  Ref<GstBufferPool> small_;
  Ref<GstBufferPool> large_;
};

}  // namespace gstlk::sfu
