// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the daemon holds and does with nobody there.
//
//   idle --daemon PATH
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>

#include "daemon_process.h"
#include "figures.h"
#include "process_usage.h"

int main(int argc, char** argv) {
  using namespace gstlk::bench;
  using namespace std::chrono_literals;
  const std::string program = argc > 2 && strcmp(argv[1], "--daemon") == 0 ? argv[2] : "";
  DaemonProcess daemon(program);
  if (!daemon.wait_ready()) {
    fprintf(stderr, "the daemon does not start\n");
    return 1;
  }
  std::this_thread::sleep_for(2s);
  const ProcessUsage before = ProcessUsage::read(daemon.pid());
  std::this_thread::sleep_for(3s);
  const ProcessUsage after = ProcessUsage::read(daemon.pid());
  Figures("idle")
      .add("resident_bytes", after.resident_bytes)
      .add("threads", after.threads)
      .add("cpu_ms_per_second", static_cast<double>(after.cpu_ns - before.cpu_ns) / 3e6)
      .print();
  return 0;
}
