// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <usrsctp.h>

#include <cstdlib>

#include "transport/sctp.h"

namespace gstlk::transport {

// What usrsctp calls, on any thread and maybe with its own locks held. Both find the session by its
// number; they queue a packet and wake its owner.
struct SctpCallbacks {
  static int send(void* address, void* packet, size_t size, uint8_t tos, uint8_t set_df);
  // There is something to read.
  static void readable(struct socket* socket, void* id, int flags);
};

}  // namespace gstlk::transport
