// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/tcp_connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gstlk::sfu {
namespace {

constexpr char kTlsHandshake = 22;  // RFC 8446 section 5.1

}  // namespace

TcpConnection::~TcpConnection() {
  set_flush_list(nullptr);
  if (fd_ >= 0) close(fd_);
}

Greeting TcpConnection::greeting() const {
  char first = 0;
  if (!input_.empty() || recv(fd_, &first, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
    return Greeting::Frames;
  if (first >= 'A' && first <= 'Z') return Greeting::Http;
  return first == kTlsHandshake ? Greeting::Tls : Greeting::Frames;
}

void TcpConnection::set_flush_list(std::vector<TcpConnection*>* list) {
  if (flush_queued_) std::ranges::replace(*flush_list_, this, nullptr);
  flush_queued_ = false;
  flush_list_ = list;
}

void TcpConnection::queue_flush() {
  if (flush_queued_ || !flush_list_) return;
  flush_queued_ = true;
  flush_list_->push_back(this);
}

TcpConnection::ReadResult TcpConnection::fill() {
  // Grows with what really arrives: most frames are below 1,500 bytes.
  if (input_.size() - received_ < 4096 && input_.size() < kInputSize) {
    input_.resize(std::min(kInputSize, input_.size() * 2 + 4096));
  }
  if (received_ == input_.size()) return ReadResult::Closed;
  const ssize_t count =
      recv(fd_, input_.data() + received_, input_.size() - received_, MSG_DONTWAIT);
  if (count == 0) return ReadResult::Closed;
  if (count < 0) {
    return errno == EAGAIN || errno == EINTR ? ReadResult::Drained : ReadResult::Closed;
  }
  received_ += static_cast<size_t>(count);
  return received_ == input_.size() ? ReadResult::More : ReadResult::Drained;
}

void TcpConnection::consume(size_t count) {
  if (count == 0) return;
  std::memmove(input_.data(), input_.data() + count, received_ - count);
  received_ -= count;
}

uint8_t* TcpConnection::reserve(size_t size) {
  if (output_.size() + 2 + size > kMaxOutput) {
    ++dropped_;
    scratch_.resize(size);
    return scratch_.data();
  }
  scratch_.clear();
  queue_flush();
  const size_t at = output_.size();
  output_.resize(at + 2 + size);
  store_u16(&output_[at], static_cast<uint16_t>(size));
  return &output_[at + 2];
}

bool TcpConnection::flush() {
  flush_queued_ = false;
  size_t written = 0;
  while (written < output_.size()) {
    const ssize_t count =
        send(fd_, output_.data() + written, output_.size() - written, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) break;
      return false;
    }
    written += static_cast<size_t>(count);
  }
  output_.erase(output_.begin(), output_.begin() + static_cast<ptrdiff_t>(written));
  return true;
}

}  // namespace gstlk::sfu
