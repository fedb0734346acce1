// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/queue_statistics.h"

#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace gstlk::metrics {
namespace {

// The lengths in it are the kernel's.
template <class T>
bool take(ByteView bytes, T& out) {
  if (bytes.size() < sizeof out) return false;
  std::memcpy(&out, bytes.data(), sizeof out);
  return true;
}

ByteView skip(ByteView bytes, size_t size) { return bytes.subspan(std::min(size, bytes.size())); }

// The attribute of that type in a row of them, without its header; empty when there is none.
ByteView find_attribute(ByteView attributes, uint16_t type) {
  rtattr header;
  while (take(attributes, header) && header.rta_len >= sizeof header &&
         header.rta_len <= attributes.size()) {
    if (header.rta_type == type) return attributes.first(header.rta_len).subspan(RTA_LENGTH(0));
    attributes = skip(attributes, RTA_ALIGN(header.rta_len));
  }
  return {};
}

}  // namespace

bool QueueStatistics::read(ByteView answer) {
  nlmsghdr header;
  while (take(answer, header) && header.nlmsg_len >= sizeof header &&
         header.nlmsg_len <= answer.size()) {
    if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) return false;
    const ByteView message = skip(answer.first(header.nlmsg_len), NLMSG_HDRLEN);
    tcmsg queue;
    tc_stats statistics;
    if (header.nlmsg_type == RTM_NEWQDISC && take(message, queue) &&
        queue.tcm_parent == TC_H_ROOT &&
        take(find_attribute(skip(message, NLMSG_ALIGN(sizeof queue)), TCA_STATS), statistics))
      queues[queue.tcm_ifindex] = {statistics.packets, statistics.drops};
    answer = skip(answer, NLMSG_ALIGN(header.nlmsg_len));
  }
  return true;
}

QueueStatistics read_queue_statistics() {
  QueueStatistics statistics;
  const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return statistics;
  struct {
    nlmsghdr header;
    tcmsg queue;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETQDISC;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  // The kernel has the answer ready when it has taken the request, and each next part likewise.
  if (send(fd, &request, sizeof request, 0) == static_cast<ssize_t>(sizeof request)) {
    std::array<uint8_t, 32 * 1024> answer;
    ssize_t size = 0;
    do {
      size = recv(fd, answer.data(), answer.size(), MSG_DONTWAIT);
    } while (size > 0 && statistics.read({answer.data(), static_cast<size_t>(size)}));
  }
  close(fd);
  return statistics;
}

void QueueGrowth::update(const QueueStatistics& now) {
  for (const auto& [interface, queue] : now.queues) {
    const auto before = before_.queues.find(interface);
    if (before == before_.queues.end() && !started_) continue;
    const QueueStatistics::Queue last =
        before == before_.queues.end() ? QueueStatistics::Queue{} : before->second;
    // An interface that went and came back begins at zero.
    const bool fresh = queue.packets < last.packets && last.packets - queue.packets < 1u << 31;
    packets_ += fresh ? queue.packets : queue.packets - last.packets;
    drops_ += fresh ? queue.drops : queue.drops - last.drops;
  }
  started_ = true;
  before_ = now;
}

}  // namespace gstlk::metrics
