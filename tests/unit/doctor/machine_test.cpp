// SPDX-License-Identifier: LGPL-2.1-or-later
#include "doctor/machine.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace gstlk::doctor {
namespace {

// Somebody else's socket on a free port of loopback.
class Occupant {
 public:
  explicit Occupant(bool tcp) : fd_(socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0 && tcp) listen(fd_, 1);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~Occupant() { close(fd_); }
  Occupant(const Occupant&) = delete;
  Occupant& operator=(const Occupant&) = delete;
  uint16_t port() const { return port_; }

 private:
  const int fd_;
  uint16_t port_ = 0;
};

TEST(DoctorMachine, APortThatSomebodyHasIsInUse) {
  for (bool tcp : {true, false}) {
    uint16_t port = 0;
    {
      const Occupant occupant(tcp);
      port = occupant.port();
      EXPECT_EQ(probe_port({tcp, "127.0.0.1", port, "", ""}), EADDRINUSE);
    }
    EXPECT_EQ(probe_port({tcp, "127.0.0.1", port, "", ""}), 0);
  }
}

TEST(DoctorMachine, EveryAddressCountsWhereNoneIsNamed) {
  const Occupant occupant(true);
  EXPECT_EQ(probe_port({true, "", occupant.port(), "", ""}), EADDRINUSE);
}

TEST(DoctorMachine, AnAddressOfSomebodyElseIsNotThere) {
  EXPECT_EQ(probe_port({true, "203.0.113.77", 7880, "", ""}), EADDRNOTAVAIL);
  EXPECT_EQ(probe_port({true, "no address", 7880, "", ""}), EADDRNOTAVAIL);
}

TEST(DoctorMachine, SysctlsAreRead) {
  EXPECT_GT(read_sysctl("kernel.pid_max").value_or(0), 100u);
  EXPECT_EQ(read_sysctl("no.such.thing"), std::nullopt);
}

}  // namespace
}  // namespace gstlk::doctor
