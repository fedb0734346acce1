// SPDX-License-Identifier: LGPL-2.1-or-later
#include "process_usage.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "clock.h"

namespace gstlk::bench {
namespace {

// The number behind `key` in a /proc file of "Key: value" lines.
uint64_t status_value(pid_t pid, const std::string& key) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key + ":")) return std::stoull(line.substr(key.size() + 1));
  }
  return 0;
}

}  // namespace

ProcessUsage ProcessUsage::read(pid_t pid) {
  ProcessUsage usage;
  // The kernel's own sum in nanoseconds; /proc/<pid>/stat counts ticks of 10 ms.
  clockid_t clock;
  if (clock_getcpuclockid(pid, &clock) == 0) usage.cpu_ns = read_nanoseconds(clock);
  usage.resident_bytes = status_value(pid, "VmRSS") * 1024;
  usage.threads = static_cast<unsigned>(status_value(pid, "Threads"));
  return usage;
}

uint64_t read_socket_drops(uint16_t port) {
  uint64_t drops = 0;
  for (const char* path : {"/proc/net/udp", "/proc/net/udp6"}) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
      std::istringstream fields(line);
      std::string slot;
      std::string local;
      fields >> slot >> local;
      const size_t colon = local.rfind(':');
      if (colon == std::string::npos) continue;
      if (std::stoul(local.substr(colon + 1), nullptr, 16) != port) continue;
      drops += std::stoull(line.substr(line.find_last_of(' ', line.find_last_not_of(' ')) + 1));
    }
  }
  return drops;
}

void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace gstlk::bench
