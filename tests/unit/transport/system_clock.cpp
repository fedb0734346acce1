// SPDX-License-Identifier: LGPL-2.1-or-later
#include "system_clock.h"

#include <sys/time.h>

#include <atomic>

namespace gstlk::transport {
namespace {

std::atomic<int64_t> microseconds = 1'700'000'000'000'000;

}  // namespace

void advance_system_clock(Duration time) { microseconds += time.count(); }

}  // namespace gstlk::transport

// Takes the place of the C library's for all libraries of the program.
extern "C" int gettimeofday(struct timeval* out, void*) noexcept {
  const int64_t now = gstlk::transport::microseconds;
  out->tv_sec = now / 1'000'000;
  out->tv_usec = now % 1'000'000;
  return 0;
}
