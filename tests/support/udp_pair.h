// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "plugins/sfu/route.h"
#include "transport/address.h"

namespace gstlk::sfu {

// Two UDP sockets on loopback, and a route from the first to the second.
class UdpPair {
 public:
  UdpPair() : from_(open(from_address_)), to_(open(to_address_)) {
    route_.fd = from_;
    route_.address_size = sizeof to_address_;
    std::memcpy(&route_.address, &to_address_, sizeof to_address_);
  }
  ~UdpPair() {
    close(from_);
    close(to_);
  }
  UdpPair(const UdpPair&) = delete;
  UdpPair& operator=(const UdpPair&) = delete;

  const Route& route() const { return route_; }
  int to() const { return to_; }
  transport::SocketAddress from_address() const {
    return transport::SocketAddress::from_sockaddr(
        reinterpret_cast<const sockaddr*>(&from_address_), sizeof from_address_);
  }

 private:
  static int open(sockaddr_in& address) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    const int size = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t length = sizeof address;
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
    return fd;
  }

  sockaddr_in from_address_{};
  sockaddr_in to_address_{};
  int from_;
  int to_;
  Route route_;
};

}  // namespace gstlk::sfu
