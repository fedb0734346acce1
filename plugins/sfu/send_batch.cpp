// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/send_batch.h"

#include <netinet/udp.h>
#include <poll.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "plugins/sfu/tcp_connection.h"
#include "transport/socket_options.h"

namespace gstlk::sfu {

namespace {

// What the kernel says of a run that it cannot segment: no checksum offload on the route, a path
// MTU below the segments' size (one word or another, by its version), no such option.
bool refuses_segments(int error) {
  return error == EIO || error == EINVAL || error == EMSGSIZE || error == EOPNOTSUPP;
}

}  // namespace

SendBatch::SendBatch() : arena_(new uint8_t[kArenaSize]) { messages_.reserve(kMaxMessages); }

bool SendBatch::extends_last(const Route& route, size_t size) const {
  if (messages_.empty() || !segmentation_) return false;
  const Message& last = messages_.back();
  return !last.closed && size <= last.segment_size && last.segments < kMaxSegments &&
         last.size + size <= kMaxMessageSize &&
         route.same_destination(last.fd, last.address, last.address_size);
}

uint8_t* SendBatch::reserve(const Route& route, size_t size) {
  assert(size > 0 && size <= kMaxDatagram);
  if (route.tcp) {
    counters_.packets++;
    counters_.bytes += size;
    return route.tcp->reserve(size);
  }
  const bool fits = used_ + size <= kArenaSize;
  if (fits && extends_last(route, size)) {
    Message& last = messages_.back();
    last.size += size;
    last.segments++;
    last.closed = size < last.segment_size;
  } else {
    if (!fits || messages_.size() == kMaxMessages) flush();
    messages_.push_back({route.fd, static_cast<uint16_t>(size), 1, false, arena_.get() + used_,
                         size, route.address_size, route.address});
  }
  used_ += size;
  return arena_.get() + used_ - size;
}

void SendBatch::flush() {
  size_t first = 0;
  while (first < messages_.size()) {
    size_t end = first + 1;
    while (end < messages_.size() && messages_[end].fd == messages_[first].fd) ++end;
    send_run(first, end - first);
    first = end;
  }
  messages_.clear();
  used_ = 0;
}

void SendBatch::prepare(size_t index) {
  Message& message = messages_[index];
  vectors_[index] = {message.data, message.size};
  msghdr& header = headers_[index].msg_hdr;
  header = {};
  header.msg_name = &message.address;
  header.msg_namelen = message.address_size;
  header.msg_iov = &vectors_[index];
  header.msg_iovlen = 1;
  if (message.segments < 2) return;
  header.msg_control = controls_[index].bytes;
  header.msg_controllen = sizeof controls_[index].bytes;
  cmsghdr* control = CMSG_FIRSTHDR(&header);
  control->cmsg_level = SOL_UDP;
  control->cmsg_type = UDP_SEGMENT;
  control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
  std::memcpy(CMSG_DATA(control), &message.segment_size, sizeof(uint16_t));
}

// `count` messages of one socket.
void SendBatch::send_run(size_t first, size_t count) {
  for (size_t i = first; i < first + count; ++i) prepare(i);
  size_t done = 0;
  while (done < count) {
    const Message& next = messages_[first + done];
    const int sent = sendmmsg(next.fd, &headers_[first + done], static_cast<unsigned>(count - done),
                              MSG_DONTWAIT | MSG_NOSIGNAL);
    counters_.calls++;
    if (sent > 0) {
      for (int i = 0; i < sent; ++i) {
        const Message& message = messages_[first + done + static_cast<size_t>(i)];
        counters_.packets += message.segments;
        counters_.bytes += message.size;
        has_segmented_ |= message.segments > 1;
      }
      done += static_cast<size_t>(sent);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == ENOBUFS) {
      // The socket's buffer is full: a link slower than what is sent through it for a moment.
      pollfd writable{next.fd, POLLOUT, 0};
      if (poll(&writable, 1, 2) > 0) continue;
    } else if (next.segments > 1 && refuses_segments(errno)) {
      // The way to one client says nothing of the others, unless none has ever worked.
      if (!has_segmented_ && ++refusals_ == kMaxRefusals) segmentation_ = false;
      send_segment_by_segment(next);
      ++done;
      continue;
    }
    counters_.dropped += next.segments;
    ++done;
  }
}

void SendBatch::send_segment_by_segment(const Message& message) {
  for (size_t at = 0; at < message.size; at += message.segment_size) {
    const size_t size = std::min<size_t>(message.segment_size, message.size - at);
    const ssize_t sent =
        sendto(message.fd, message.data + at, size, MSG_DONTWAIT | MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&message.address), message.address_size);
    counters_.calls++;
    if (sent < 0) {
      counters_.dropped++;
    } else {
      counters_.packets++;
      counters_.bytes += size;
    }
  }
}

}  // namespace gstlk::sfu
