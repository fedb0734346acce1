// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "base/ref.h"
#include "base/time.h"

namespace gstlk::client {

// The time that cores are given here.
inline Timestamp monotonic_now() {
  return Timestamp(std::chrono::microseconds(g_get_monotonic_time()));
}

// The thread on which all room sessions of the process live: signalling, negotiation, timers. It
// exists while somebody holds it. Media never passes it. Thread-safe.
class ClientThread : public std::enable_shared_from_this<ClientThread> {
 public:
  // The one of this process.
  static std::shared_ptr<ClientThread> get();
  ~ClientThread();

  GMainContext* context() const { return context_.get(); }
  bool is_current() const { return std::this_thread::get_id() == id_; }

  // Runs the task on the thread, after those that were posted before it.
  void post(std::function<void()> task);
  // Runs the task on the thread and waits for its end; at once when called on it. Not with a lock
  // held that a task may want, nor on a streaming thread of a pipeline that a task may stop.
  void run(const std::function<void()>& task);
  // The same for a streaming thread, which the thread may be waiting for: false when the task has
  // not begun, and never will, because of that.
  [[nodiscard]] bool run_unless_stopping(std::function<void()> task);

  // While it exists the thread may be waiting for streaming threads. Made on the thread.
  class Stopping {
   public:
    explicit Stopping(ClientThread& thread) : thread_(thread) { ++thread_.stopping_; }
    ~Stopping() { --thread_.stopping_; }
    Stopping(const Stopping&) = delete;
    Stopping& operator=(const Stopping&) = delete;

   private:
    ClientThread& thread_;
  };

 private:
  ClientThread();

  Ref<GMainContext> context_;
  Ref<GMainLoop> loop_;
  std::thread thread_;
  std::thread::id id_;
  std::atomic<int> stopping_ = 0;
};

// A task in the future on the client thread, or none. Client thread only.
class ClientTimer {
 public:
  explicit ClientTimer(ClientThread& thread) : thread_(thread) {}
  ~ClientTimer() { stop(); }
  ClientTimer(const ClientTimer&) = delete;
  ClientTimer& operator=(const ClientTimer&) = delete;

  // Replaces what was waiting.
  void start(Duration after, std::function<void()> task);
  void stop();
  bool waiting() const { return source_ != nullptr; }

 private:
  static gboolean fire(gpointer self);

  ClientThread& thread_;
  GSource* source_ = nullptr;
  std::function<void()> task_;
};

}  // namespace gstlk::client
