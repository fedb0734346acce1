// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "transport/address.h"

namespace gstlk::sfu {

// What one worker reads from a UDP socket in one call: recvmmsg, and where the socket has UDP_GRO,
// messages of up to 64 datagrams of one sender. Worker thread only.
class ReceiveBatch {
 public:
  static constexpr size_t kMessages = 32;

  ReceiveBatch();

  // Calls `on_datagram(bytes, remote)` for what is there, in order and at most kMessages messages.
  // The bytes are good for the call.
  template <class OnDatagram>
  void read(int fd, OnDatagram&& on_datagram) {
    const int count = fill(fd);
    for (int i = 0; i < count; ++i) {
      const auto index = static_cast<size_t>(i);
      const auto remote = transport::SocketAddress::from_sockaddr(
          reinterpret_cast<const sockaddr*>(&addresses_[index]),
          headers_[index].msg_hdr.msg_namelen);
      if (remote.empty()) continue;
      const uint8_t* bytes = static_cast<const uint8_t*>(vectors_[index].iov_base);
      const size_t size = headers_[index].msg_len;
      const size_t segment = std::max<size_t>(segment_size(index), 1);
      for (size_t at = 0; at < size; at += segment)
        on_datagram(ByteView(bytes + at, std::min(segment, size - at)), remote);
    }
  }

 private:
  static constexpr size_t kMessageSize = 65'536;
  struct alignas(cmsghdr) Control {
    uint8_t bytes[CMSG_SPACE(sizeof(int))];
  };

  int fill(int fd);
  size_t segment_size(size_t index);

  std::unique_ptr<uint8_t[]> bytes_;
  std::array<mmsghdr, kMessages> headers_{};
  std::array<iovec, kMessages> vectors_{};
  std::array<sockaddr_in6, kMessages> addresses_{};
  std::array<Control, kMessages> controls_{};
};

}  // namespace gstlk::sfu
