// SPDX-License-Identifier: LGPL-2.1-or-later
#include "load_engine.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>

#include "clock.h"

namespace gstlk::bench {
namespace {

// How often peers are asked whether a timer of theirs is due.
constexpr Duration kScanInterval = 20ms;
constexpr int64_t kNap = 2'000'000;
constexpr int64_t kSecond = 1'000'000'000;

}  // namespace

LoadEngine::LoadEngine() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event event{EPOLLIN, {.ptr = nullptr}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
  thread_ = std::thread([this] { run(); });
}

LoadEngine::~LoadEngine() {
  call([this] { stopping_ = true; });
  thread_.join();
  close(wake_);
  close(epoll_);
}

void LoadEngine::post(std::function<void()> task) {
  {
    MutexLock lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
}

void LoadEngine::call(const std::function<void()>& task) {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  post([&] {
    task();
    const std::lock_guard guard(mutex);
    done = true;
    changed.notify_one();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return done; });
}

LoadPeer* LoadEngine::add(std::unique_ptr<LoadPeer> peer) {
  LoadPeer* added = peer.release();
  post([this, added] {
    epoll_event event{EPOLLIN, {.ptr = added}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, added->fd(), &event);
    if (added->publishes()) publishers_.push_back(added);
    peers_.emplace_back(added);
  });
  return added;
}

void LoadEngine::remove(LoadPeer* peer) {
  call([&] {
    std::erase(publishers_, peer);
    std::erase_if(peers_, [&](const auto& entry) { return entry.get() == peer; });
  });
}

void LoadEngine::set_publishing(bool publishing) {
  call([this, publishing] {
    publishing_ = publishing;
    next_frame_ns_ = read_nanoseconds(CLOCK_MONOTONIC);
  });
}

void LoadEngine::set_napping(bool napping) {
  call([this, napping] { napping_ = napping; });
}

void LoadEngine::run() {
  pthread_setname_np(pthread_self(), "load-media");
  last_scan_ = read_clock();
  while (!stopping_) {
    send_frames();
    wait_and_read();
    const Timestamp now = read_clock();
    if (now < next_scan_) continue;
    transport::SctpStack::instance().handle_timers(now - last_scan_);
    last_scan_ = now;
    next_scan_ = now + kScanInterval;
    for (const auto& peer : peers_) peer->handle_time(now);
  }
}

// Publishers take turns, evenly spread over the frame interval.
void LoadEngine::send_frames() {
  if (!publishing_ || publishers_.empty()) return;
  const int64_t now = read_nanoseconds(CLOCK_MONOTONIC);
  while (next_frame_ns_ <= now) {
    LoadPeer& publisher = *publishers_[next_publisher_++ % publishers_.size()];
    publisher.send_frame();
    const auto turns = static_cast<int64_t>(publisher.frames_per_second() * publishers_.size());
    next_frame_ns_ += kSecond / turns;
  }
}

// While media flows the thread sleeps away from epoll and looks now and then: a thread that waits
// there would be woken by the server's sends, and the server would pay for it, which it does not
// where clients are other machines. The delay does not suffer, the kernel notes the arrival.
void LoadEngine::wait_and_read() {
  int64_t wait = Duration(next_scan_ - read_clock()).count() * 1000;
  const bool publishing = publishing_ && !publishers_.empty();
  const bool napping = publishing && napping_;
  if (publishing) wait = std::min(wait, next_frame_ns_ - read_nanoseconds(CLOCK_MONOTONIC));
  if (napping) wait = std::min(wait, kNap);
  timespec timeout{0, std::clamp<int64_t>(wait, 0, kSecond - 1)};
  if (napping) {
    clock_nanosleep(CLOCK_MONOTONIC, 0, &timeout, nullptr);
    timeout = {};
  }
  std::array<epoll_event, 256> events;
  int count = 0;
  bool woken = false;
  do {
    count = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    timeout = {};
    const Timestamp now = read_clock();
    for (int i = 0; i < count; ++i) {
      auto* peer = static_cast<LoadPeer*>(events[static_cast<size_t>(i)].data.ptr);
      if (peer)
        peer->handle_readable(area_, now);
      else
        woken = true;
    }
    // A task may remove a peer, so it runs when there are no events left of one.
  } while (count == static_cast<int>(events.size()));
  if (woken) run_tasks();
}

void LoadEngine::run_tasks() {
  uint64_t ignored;
  [[maybe_unused]] const ssize_t size = read(wake_, &ignored, sizeof ignored);
  std::vector<std::function<void()>> tasks;
  {
    MutexLock lock(mutex_);
    tasks.swap(tasks_);
  }
  for (const auto& task : tasks) task();
}

}  // namespace gstlk::bench
