// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/mutex.h"

namespace gstlk::sfu {

// What other threads ask of one that sleeps in epoll: tasks, run in the order of posting. Packets
// are tasks of which only so many wait. Posting is thread-safe; the rest is the owner's thread's.
class Mailbox {
 public:
  using Task = std::function<void()>;
  // Batches of packets: a tenth of a second's at the most that one core forwards.
  static constexpr size_t kMaxWaitingPackets = 4096;

  Mailbox();
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  void post(Task task) EXCLUDES(mutex_);
  // False: the owner is too far behind, and does not get it.
  bool post_packets(Task task) EXCLUDES(mutex_);
  // Ends the owner's sleep, or the next one.
  void interrupt();

  // Readable when the owner is to be woken; clear() then.
  int fd() const { return fd_; }
  void clear();

  // Around the owner's sleep. True: something waits already, so do not.
  [[nodiscard]] bool prepare_sleep() EXCLUDES(mutex_);
  void end_sleep() { sleeping_ = false; }

  void run() EXCLUDES(mutex_);
  // Packets that were not taken, as of the last run().
  uint64_t overrun() const { return known_overrun_; }

 private:
  void wake();

  const int fd_;
  std::atomic<bool> sleeping_{false};
  Mutex mutex_;
  std::vector<Task> tasks_ GUARDED_BY(mutex_);
  size_t waiting_packets_ GUARDED_BY(mutex_) = 0;
  uint64_t overrun_ GUARDED_BY(mutex_) = 0;
  // The owner's thread's.
  std::vector<Task> running_;
  uint64_t known_overrun_ = 0;
};

}  // namespace gstlk::sfu
