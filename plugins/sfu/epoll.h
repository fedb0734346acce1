// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cstdint>

namespace gstlk::sfu {

// What a worker waits for, each known by its kind and a number of that kind. Worker thread only.
class Epoll {
 public:
  enum class Kind : uint32_t { Mailbox, Udp, TcpListener, TcpConnection };

  Epoll() : fd_(epoll_create1(EPOLL_CLOEXEC)) {}
  ~Epoll() { close(fd_); }
  Epoll(const Epoll&) = delete;
  Epoll& operator=(const Epoll&) = delete;

  void add(int fd, Kind kind, uint32_t number) { control(EPOLL_CTL_ADD, fd, kind, number, kIn); }
  // Whether room for writing is waited for as well.
  void set_writable(int fd, Kind kind, uint32_t number, bool writable) {
    control(EPOLL_CTL_MOD, fd, kind, number, writable ? kIn | EPOLLOUT : kIn);
  }
  // Whether it is waited for at all.
  void set_readable(int fd, Kind kind, uint32_t number, bool readable) {
    control(EPOLL_CTL_MOD, fd, kind, number, readable ? kIn : 0);
  }
  void remove(int fd) { epoll_ctl(fd_, EPOLL_CTL_DEL, fd, nullptr); }

  // Waits until something is ready or `milliseconds` (-1: for ever) have passed; gives the number
  // of what ready() may be asked for.
  int wait(int milliseconds) {
    return epoll_wait(fd_, events_.data(), static_cast<int>(events_.size()), milliseconds);
  }
  struct Ready {
    Kind kind;
    uint32_t number;
  };
  Ready ready(int index) const {
    const uint64_t tag = events_[static_cast<size_t>(index)].data.u64;
    return {static_cast<Kind>(tag >> 32), static_cast<uint32_t>(tag)};
  }

 private:
  static constexpr int kIn = EPOLLIN;

  void control(int operation, int fd, Kind kind, uint32_t number, int events) {
    epoll_event event{static_cast<uint32_t>(events),
                      {.u64 = static_cast<uint64_t>(kind) << 32 | number}};
    epoll_ctl(fd_, operation, fd, &event);
  }

  const int fd_;
  std::array<epoll_event, 64> events_;
};

}  // namespace gstlk::sfu
