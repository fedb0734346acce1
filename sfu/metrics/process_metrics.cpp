// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace gstlk::metrics {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double open_files() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(files), end(files)));
}

}  // namespace

double resident_bytes() {
  double total = 0;
  double resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

std::string print_process_metrics() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  Family cpu(Kind::Counter, "process_cpu_seconds_total", "Processor time, of user and system.");
  cpu.set({}, seconds(usage.ru_utime) + seconds(usage.ru_stime));
  Family memory(Kind::Gauge, "process_resident_memory_bytes", "Memory in use.");
  memory.set({}, resident_bytes());
  Family files(Kind::Gauge, "process_open_fds", "Files and sockets that are open.");
  files.set({}, open_files());
  std::string out;
  for (const Family* family : {&cpu, &memory, &files}) family->print({}, out);
  return out;
}

}  // namespace gstlk::metrics
