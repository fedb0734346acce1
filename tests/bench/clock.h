// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <time.h>

#include <cstdint>

#include "base/time.h"

namespace gstlk::bench {

inline int64_t read_nanoseconds(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// What cores are given as `now`.
inline Timestamp read_clock() {
  return Timestamp(Duration(read_nanoseconds(CLOCK_MONOTONIC) / 1000));
}

}  // namespace gstlk::bench
