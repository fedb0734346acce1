// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon_process.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "base/time.h"

namespace gstlk::bench {
namespace {

std::string config_body() {
  return "port: " + std::to_string(DaemonProcess::kHttpPort) +
         "\nbind_addresses: [127.0.0.1]\nlogging: {level: warn}\nrtc:\n  udp_port: " +
         std::to_string(DaemonProcess::kUdpPort) +
         "\n  tcp_port: " + std::to_string(DaemonProcess::kTcpPort) +
         "\n  node_ip: 127.0.0.1\n  enable_loopback_candidate: true\nkeys:\n  " +
         DaemonProcess::kApiKey + ": " + DaemonProcess::kApiSecret + "\n";
}

bool can_connect() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(DaemonProcess::kHttpPort);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool ok = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return ok;
}

}  // namespace

DaemonProcess::DaemonProcess(const std::string& program) {
  const std::string body = config_body();
  pid_ = fork();
  if (pid_ != 0) return;
  // Standard output is for figures.
  dup2(STDERR_FILENO, STDOUT_FILENO);
  execl(program.c_str(), program.c_str(), "--dev", "--config-body", body.c_str(), nullptr);
  perror(program.c_str());
  _exit(127);
}

DaemonProcess::~DaemonProcess() {
  if (pid_ <= 0) return;
  for (int i = 0; i < 100; ++i) {
    // The first asks it to wait for participants, the next not to.
    if (i % 20 == 0) kill(pid_, SIGTERM);
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) return;
    std::this_thread::sleep_for(50ms);
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool DaemonProcess::wait_ready() {
  for (int i = 0; i < 200; ++i) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return false;
    }
    if (can_connect()) return true;
    std::this_thread::sleep_for(50ms);
  }
  return false;
}

}  // namespace gstlk::bench
