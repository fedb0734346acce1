// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/descriptor_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace gstlk::net {
namespace {

// What containers call unlimited may be a thousand times that.
constexpr rlim_t kMost = 1'048'576;

rlimit read_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit;
}

}  // namespace

uint64_t descriptor_limit() { return read_limit().rlim_cur; }

uint64_t highest_descriptor_limit() {
  const rlimit limit = read_limit();
  return std::max(limit.rlim_cur, std::min(limit.rlim_max, kMost));
}

void raise_descriptor_limit() {
  rlimit limit = read_limit();
  limit.rlim_cur = highest_descriptor_limit();
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace gstlk::net
