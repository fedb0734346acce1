// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <vector>

namespace gstlk {

// No descriptor can be had as long as it is there.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    // What is open above stays open.
    const int free = dup(0);
    close(free);
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(free) + 1;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int fd = dup(0); fd >= 0; fd = dup(0)) taken_.push_back(fd);
  }
  ~NoDescriptors() {
    for (const int fd : taken_) close(fd);
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

}  // namespace gstlk
