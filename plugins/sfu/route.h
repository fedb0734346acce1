// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <netinet/in.h>

#include <cstring>

namespace gstlk::sfu {

class TcpConnection;

// Where a datagram goes: out of a UDP socket to an address, or into an ICE/TCP connection. Cheap to
// copy; the socket and the connection outlive it (a peer forgets its route when its connection
// closes).
struct Route {
  int fd = -1;
  TcpConnection* tcp = nullptr;
  socklen_t address_size = 0;
  sockaddr_in6 address{};  // or sockaddr_in; `address_size` tells

  bool valid() const { return fd >= 0 || tcp != nullptr; }
  bool same_destination(int other_fd, const sockaddr_in6& other, socklen_t other_size) const {
    return fd == other_fd && address_size == other_size &&
           std::memcmp(&address, &other, address_size) == 0;
  }
};

}  // namespace gstlk::sfu
