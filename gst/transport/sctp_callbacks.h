// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <usrsctp.h>

#include <cstdlib>

#include "transport/sctp.h"

namespace gstlk::transport {

// What usrsctp calls, with its own locks held and on any thread. Both find the session by its
// number and only queue.
struct SctpCallbacks {
  static int send(void* address, void* packet, size_t size, uint8_t tos, uint8_t set_df);
  // Owns `data`.
  static int receive(struct socket* socket, union sctp_sockstore from, void* data, size_t size,
                     struct sctp_rcvinfo info, int flags, void* id);
};

}  // namespace gstlk::transport
