// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "transport/address.h"

namespace gstlk::bench {

// What recvmmsg puts a batch into; one for each thread.
struct ReceiveArea {
  static constexpr size_t kMessages = 8;
  static constexpr size_t kMessageSize = 65'536;
  struct alignas(cmsghdr) Control {
    uint8_t bytes[128];
  };

  std::unique_ptr<uint8_t[]> bytes{new uint8_t[kMessages * kMessageSize]};
  std::array<mmsghdr, kMessages> headers{};
  std::array<iovec, kMessages> vectors{};
  std::array<Control, kMessages> controls{};
};

// The UDP socket of one peer on 127.0.0.1, connected to the server.
class MediaSocket {
 public:
  struct Options {
    bool gro = true;
    bool timestamps = false;  // of arrival, for the delay
  };
  // One message of the kernel: a datagram, or several of one size (the last may be shorter).
  struct Message {
    ByteView bytes;  // what was read of it
    size_t size = 0;
    size_t segment_size = 0;
    int64_t arrival_ns = 0;  // CLOCK_REALTIME; 0 without timestamps
  };

  // Ends the process when there are no descriptors left: nothing could be measured then.
  MediaSocket(const transport::SocketAddress& server, Options options);
  ~MediaSocket();
  MediaSocket(const MediaSocket&) = delete;
  MediaSocket& operator=(const MediaSocket&) = delete;

  int fd() const { return fd_; }
  const transport::AddressPair& path() const { return path_; }

  // Reads at most `limit` bytes of each message; the rest is only counted.
  std::span<const Message> receive(ReceiveArea& area, size_t limit);
  void send(ByteView datagram);
  // Equal-sized datagrams that lie one behind the other.
  void send_all(ByteView datagrams, size_t size);
  // What the kernel dropped because nobody read it in time.
  uint64_t kernel_drops() const;

 private:
  int fd_ = -1;
  transport::AddressPair path_;
  std::array<Message, ReceiveArea::kMessages> messages_;
};

}  // namespace gstlk::bench
