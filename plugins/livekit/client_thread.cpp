// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/client_thread.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/mutex.h"

namespace gstlk::client {

namespace {

gboolean run_task(gpointer data) {
  (*static_cast<std::function<void()>*>(data))();
  return G_SOURCE_REMOVE;
}

void free_task(gpointer data) { delete static_cast<std::function<void()>*>(data); }

// How long a call waits at least before it is given up: streaming threads stop in less, mostly.
constexpr std::chrono::milliseconds kPatience{100};

// A task that somebody waits for.
struct Call {
  const std::function<void()> task;
  std::mutex mutex;
  std::condition_variable changed;
  bool begun = false;
  bool finished = false;
  bool given_up = false;

  void carry_out() {
    {
      std::lock_guard lock(mutex);
      if (given_up) return;
      begun = true;
    }
    task();
    std::lock_guard lock(mutex);
    finished = true;
    changed.notify_one();
  }
};

}  // namespace

std::shared_ptr<ClientThread> ClientThread::get() {
  static Mutex mutex;
  static std::weak_ptr<ClientThread> current;
  MutexLock lock(mutex);
  std::shared_ptr<ClientThread> thread = current.lock();
  if (!thread) {
    thread = std::shared_ptr<ClientThread>(new ClientThread());
    current = thread;
  }
  return thread;
}

ClientThread::ClientThread()
    : context_(Ref<GMainContext>::adopt(g_main_context_new())),
      loop_(Ref<GMainLoop>::adopt(g_main_loop_new(context_.get(), FALSE))) {
  // By value: the last holder may be the thread itself, which then ends after the object.
  thread_ = std::thread([context = context_, loop = loop_] {
    g_main_context_push_thread_default(context.get());
    g_main_loop_run(loop.get());
    g_main_context_pop_thread_default(context.get());
  });
  id_ = thread_.get_id();
}

ClientThread::~ClientThread() {
  // Behind everything that was posted.
  post([loop = loop_] { g_main_loop_quit(loop.get()); });
  if (is_current())
    thread_.detach();
  else
    thread_.join();
}

void ClientThread::post(std::function<void()> task) {
  GSource* source = g_idle_source_new();
  g_source_set_priority(source, G_PRIORITY_DEFAULT);
  g_source_set_callback(source, run_task, new std::function<void()>(std::move(task)), free_task);
  g_source_attach(source, context_.get());
  g_source_unref(source);
}

void ClientThread::run(const std::function<void()>& task) {
  if (is_current()) return task();
  const auto call = std::make_shared<Call>(task);
  post([call] { call->carry_out(); });
  std::unique_lock lock(call->mutex);
  call->changed.wait(lock, [&] { return call->finished; });
}

bool ClientThread::run_unless_stopping(std::function<void()> task) {
  if (is_current()) {
    task();
    return true;
  }
  const auto call = std::make_shared<Call>(std::move(task));
  post([call] { call->carry_out(); });
  std::unique_lock lock(call->mutex);
  while (!call->changed.wait_for(lock, kPatience, [&] { return call->finished; })) {
    call->given_up = !call->begun && stopping_ > 0;
    if (call->given_up) return false;
  }
  return true;
}

void ClientTimer::start(Duration after, std::function<void()> task) {
  stop();
  task_ = std::move(task);
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(after).count();
  source_ = g_timeout_source_new(static_cast<guint>(std::max<int64_t>(milliseconds, 0)));
  g_source_set_callback(source_, fire, this, nullptr);
  g_source_attach(source_, thread_.context());
}

void ClientTimer::stop() {
  if (!source_) return;
  g_source_destroy(source_);
  g_source_unref(std::exchange(source_, nullptr));
}

gboolean ClientTimer::fire(gpointer self) {
  auto* timer = static_cast<ClientTimer*>(self);
  const std::function<void()> task = std::move(timer->task_);
  timer->stop();
  task();  // may start the timer again, or destroy it
  return G_SOURCE_REMOVE;
}

}  // namespace gstlk::client
