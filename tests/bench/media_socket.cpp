// SPDX-License-Identifier: LGPL-2.1-or-later
#include "media_socket.h"

#include <linux/sock_diag.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include "transport/socket_options.h"

namespace gstlk::bench {
namespace {

[[noreturn]] void die(const char* what) {
  perror(what);
  exit(1);
}

}  // namespace

MediaSocket::MediaSocket(const transport::SocketAddress& server, Options options) {
  sockaddr_storage storage{};
  socklen_t size = server.to_sockaddr(storage);
  fd_ = socket(storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) die("socket");
  const int on = 1;
  if (options.gro) setsockopt(fd_, SOL_UDP, UDP_GRO, &on, sizeof on);
  if (options.timestamps) setsockopt(fd_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&storage), size) != 0) die("connect");
  size = sizeof storage;
  getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &size);
  path_ = {server,
           transport::SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), size),
           transport::Protocol::Udp};
}

MediaSocket::~MediaSocket() { close(fd_); }

std::span<const MediaSocket::Message> MediaSocket::receive(ReceiveArea& area, size_t limit) {
  limit = std::min(limit, ReceiveArea::kMessageSize);
  for (size_t i = 0; i < ReceiveArea::kMessages; ++i) {
    area.vectors[i] = {area.bytes.get() + i * ReceiveArea::kMessageSize, limit};
    msghdr& header = area.headers[i].msg_hdr;
    header = {};
    header.msg_iov = &area.vectors[i];
    header.msg_iovlen = 1;
    header.msg_control = area.controls[i].bytes;
    header.msg_controllen = sizeof area.controls[i].bytes;
  }
  const int count =
      recvmmsg(fd_, area.headers.data(), ReceiveArea::kMessages, MSG_DONTWAIT | MSG_TRUNC, nullptr);
  if (count <= 0) return {};
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const size_t size = area.headers[i].msg_len;
    Message& message = messages_[i];
    message = {{area.bytes.get() + i * ReceiveArea::kMessageSize, std::min(size, limit)},
               size,
               std::max<size_t>(size, 1),
               0};
    msghdr& header = area.headers[i].msg_hdr;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
        int segment = 0;
        std::memcpy(&segment, CMSG_DATA(c), sizeof segment);
        if (segment > 0) message.segment_size = static_cast<size_t>(segment);
      } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
        timespec time;
        std::memcpy(&time, CMSG_DATA(c), sizeof time);
        message.arrival_ns = int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
      }
    }
  }
  return {messages_.data(), static_cast<size_t>(count)};
}

void MediaSocket::send(ByteView datagram) {
  [[maybe_unused]] const ssize_t sent =
      ::send(fd_, datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

// Without segmentation offload: a client's packets arrive at a server one by one.
void MediaSocket::send_all(ByteView datagrams, size_t size) {
  std::array<mmsghdr, 64> headers{};
  std::array<iovec, 64> vectors{};
  const size_t count = std::min(datagrams.size() / size, headers.size());
  for (size_t i = 0; i < count; ++i) {
    vectors[i] = {const_cast<uint8_t*>(datagrams.data() + i * size), size};
    headers[i].msg_hdr.msg_iov = &vectors[i];
    headers[i].msg_hdr.msg_iovlen = 1;
  }
  for (size_t done = 0; done < count;) {
    const int sent = sendmmsg(fd_, &headers[done], static_cast<unsigned>(count - done), 0);
    if (sent <= 0) return;
    done += static_cast<size_t>(sent);
  }
}

uint64_t MediaSocket::kernel_drops() const {
  std::array<uint32_t, SK_MEMINFO_VARS> info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd_, SOL_SOCKET, SO_MEMINFO, info.data(), &size) != 0) return 0;
  return info[SK_MEMINFO_DROPS];
}

}  // namespace gstlk::bench
