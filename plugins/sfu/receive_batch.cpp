// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/receive_batch.h"

#include <netinet/udp.h>

#include <cstring>
#include "transport/socket_options.h"

namespace gstlk::sfu {

ReceiveBatch::ReceiveBatch() : bytes_(new uint8_t[kMessages * kMessageSize]) {
  for (size_t i = 0; i < kMessages; ++i) {
    vectors_[i] = {bytes_.get() + i * kMessageSize, kMessageSize};
    headers_[i].msg_hdr.msg_iov = &vectors_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
  }
}

int ReceiveBatch::fill(int fd) {
  for (size_t i = 0; i < kMessages; ++i) {
    msghdr& header = headers_[i].msg_hdr;
    header.msg_name = &addresses_[i];
    header.msg_namelen = sizeof addresses_[i];
    header.msg_control = controls_[i].bytes;
    header.msg_controllen = sizeof controls_[i].bytes;
  }
  return recvmmsg(fd, headers_.data(), kMessages, MSG_DONTWAIT, nullptr);
}

// Size of the datagrams in a message; the whole message when it was not coalesced.
size_t ReceiveBatch::segment_size(size_t index) {
  msghdr& header = headers_[index].msg_hdr;
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
      int size = 0;
      std::memcpy(&size, CMSG_DATA(c), sizeof size);
      if (size > 0) return static_cast<size_t>(size);
    }
  }
  return headers_[index].msg_len;
}

}  // namespace gstlk::sfu
