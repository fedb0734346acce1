// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "load_peer.h"

namespace gstlk::bench {

// The media thread of the load generator: an epoll loop over the sockets of all peers, and the
// clock of what they publish. Light enough that a server's core is the limit, not this. The public
// functions are for one other thread.
class LoadEngine {
 public:
  LoadEngine();
  ~LoadEngine();
  LoadEngine(const LoadEngine&) = delete;
  LoadEngine& operator=(const LoadEngine&) = delete;

  // `peer` belongs to the engine from now on.
  LoadPeer* add(std::unique_ptr<LoadPeer> peer);
  void remove(LoadPeer* peer);
  // Runs `task` on the media thread, in the order of posting: the way to touch a peer.
  void post(std::function<void()> task) EXCLUDES(mutex_);
  // The same, and waits for it.
  void call(const std::function<void()>& task) EXCLUDES(mutex_);
  // Frames are sent or not; they are not when it starts.
  void set_publishing(bool publishing);
  // Off: the thread is awake at once when something arrives, at the server's expense; see
  // wait_and_read(). On when it starts.
  void set_napping(bool napping);

  // The media thread only.
  const std::vector<std::unique_ptr<LoadPeer>>& peers() const { return peers_; }

 private:
  void run();
  void run_tasks() EXCLUDES(mutex_);
  void send_frames();
  void wait_and_read();

  int epoll_ = -1;
  int wake_ = -1;
  std::atomic<bool> stopping_{false};
  Mutex mutex_;
  std::vector<std::function<void()>> tasks_ GUARDED_BY(mutex_);

  // The media thread's.
  ReceiveArea area_;
  std::vector<std::unique_ptr<LoadPeer>> peers_;
  std::vector<LoadPeer*> publishers_;
  bool publishing_ = false;
  bool napping_ = true;
  size_t next_publisher_ = 0;
  int64_t next_frame_ns_ = 0;
  Timestamp last_scan_{};
  Timestamp next_scan_{};
  std::thread thread_;
};

}  // namespace gstlk::bench
