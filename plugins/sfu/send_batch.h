// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "plugins/sfu/route.h"

namespace gstlk::sfu {

struct SendCounters {
  uint64_t packets = 0;
  uint64_t bytes = 0;
  uint64_t dropped = 0;  // the kernel did not take them
  uint64_t calls = 0;    // of sendmmsg
};

// What one worker sends in one turn of its loop. Datagrams are written straight into an arena;
// consecutive ones of equal size for one destination become one message with UDP segmentation
// offload, and messages leave 64 at a time through sendmmsg: the only large saving that the kernel
// offers (see the benchmark `forward`). Datagrams of one destination therefore should come
// together.
//
// Worker thread only.
class SendBatch {
 public:
  SendBatch();

  // Room for one datagram of exactly `size` bytes (at most kMaxDatagram) to `route`; the caller
  // fills it before the next call. Sends what is pending when the arena is full.
  uint8_t* reserve(const Route& route, size_t size);

  // Sends everything that is pending.
  void flush();

  const SendCounters& counters() const { return counters_; }

  static constexpr size_t kMaxDatagram = 2048;

 private:
  // Small, so that what is written is still in the cache when the kernel copies it.
  static constexpr size_t kArenaSize = 128 * 1024;
  static constexpr size_t kMaxMessages = 64;
  // The kernel's limits: UDP_MAX_SEGMENTS and the largest UDP payload.
  static constexpr unsigned kMaxSegments = 64;
  static constexpr size_t kMaxMessageSize = 65'000;
  static constexpr unsigned kMaxRefusals = 16;

  struct Message {
    int fd;
    uint16_t segment_size;
    uint16_t segments;
    bool closed;  // its last segment was shorter: nothing may follow
    uint8_t* data;
    size_t size;
    socklen_t address_size;
    sockaddr_in6 address;  // or sockaddr_in
  };

  bool extends_last(const Route& route, size_t size) const;
  void send_run(size_t first, size_t count);
  void send_segment_by_segment(const Message& message);
  void prepare(size_t index);

  std::unique_ptr<uint8_t[]> arena_;
  size_t used_ = 0;
  std::vector<Message> messages_;
  std::array<mmsghdr, kMaxMessages> headers_;
  std::array<iovec, kMaxMessages> vectors_;
  struct alignas(cmsghdr) Control {
    uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
  };
  std::array<Control, kMaxMessages> controls_;
  bool segmentation_ = true;
  bool has_segmented_ = false;
  unsigned refusals_ = 0;
  SendCounters counters_;
};

}  // namespace gstlk::sfu
