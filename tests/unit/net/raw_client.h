// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace gstlk::net {

// A client without manners, on loopback.
class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    address.sin_port = htons(port);
    connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }
  ~RawClient() { close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // As much of it as the socket takes.
  size_t send(std::string_view text) {
    const ssize_t count = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    return count < 0 ? 0 : static_cast<size_t>(count);
  }
  // What has come so far.
  const std::string& read() {
    char data[4096];
    ssize_t count = 0;
    while ((count = recv(fd_, data, sizeof(data), 0)) > 0)
      text_.append(data, static_cast<size_t>(count));
    closed_ = closed_ || count == 0;
    return text_;
  }
  bool closed() {
    read();
    return closed_;
  }

  void end() { shutdown(fd_, SHUT_WR); }
  int fd() const { return fd_; }

 private:
  const int fd_;
  std::string text_;
  bool closed_ = false;
};

}  // namespace gstlk::net
