// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace gstlk::sfu {

Mailbox::Mailbox() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Mailbox::~Mailbox() { close(fd_); }

void Mailbox::post(Task task) {
  {
    MutexLock lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake();
}

bool Mailbox::post_packets(Task task) {
  {
    MutexLock lock(mutex_);
    if (waiting_packets_ == kMaxWaitingPackets) {
      ++overrun_;
      return false;
    }
    ++waiting_packets_;
    tasks_.push_back(std::move(task));
  }
  wake();
  return true;
}

void Mailbox::wake() {
  // A wake-up of a sleeping thread is dear, so a running one is not woken.
  if (sleeping_.exchange(false)) interrupt();
}

void Mailbox::interrupt() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof one);
}

void Mailbox::clear() {
  uint64_t ignored;
  [[maybe_unused]] const ssize_t count = read(fd_, &ignored, sizeof ignored);
}

bool Mailbox::prepare_sleep() {
  sleeping_ = true;
  MutexLock lock(mutex_);
  return !tasks_.empty();
}

void Mailbox::run() {
  {
    MutexLock lock(mutex_);
    running_.swap(tasks_);
    waiting_packets_ = 0;
    known_overrun_ = overrun_;
  }
  for (Task& task : running_) task();
  running_.clear();
}

}  // namespace gstlk::sfu
