// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace gstlk::bench {

// What a process, this one or another, has used so far.
struct ProcessUsage {
  int64_t cpu_ns = 0;  // user and system, all threads, ended ones too
  uint64_t resident_bytes = 0;
  unsigned threads = 0;

  static ProcessUsage read(pid_t pid);
};

// Datagrams that the kernel dropped because the sockets on UDP `port` were full.
uint64_t read_socket_drops(uint16_t port);

// As many file descriptors as this process may have.
void raise_descriptor_limit();

}  // namespace gstlk::bench
