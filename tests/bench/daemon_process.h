// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace gstlk::bench {

// livekit-sfu as a child process on 127.0.0.1, with ports of its own.
class DaemonProcess {
 public:
  static constexpr const char* kApiKey = "devkey";
  static constexpr const char* kApiSecret = "secret";
  static constexpr uint16_t kHttpPort = 17'880;
  static constexpr uint16_t kTcpPort = 17'881;
  static constexpr uint16_t kUdpPort = 17'882;

  explicit DaemonProcess(const std::string& program);
  ~DaemonProcess();
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;

  // False when it does not take connections within some seconds, or has ended.
  bool wait_ready();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

}  // namespace gstlk::bench
