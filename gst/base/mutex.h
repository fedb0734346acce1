// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <condition_variable>
#include <mutex>

// Clang's thread safety analysis; nothing under GCC.
#if defined(__clang__)
#define GSTLK_ATTRIBUTE(x) __attribute__((x))
#else
#define GSTLK_ATTRIBUTE(x)
#endif
#define CAPABILITY(x) GSTLK_ATTRIBUTE(capability(x))
#define SCOPED_CAPABILITY GSTLK_ATTRIBUTE(scoped_lockable)
#define GUARDED_BY(x) GSTLK_ATTRIBUTE(guarded_by(x))
#define REQUIRES(...) GSTLK_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) GSTLK_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) GSTLK_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) GSTLK_ATTRIBUTE(release_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS GSTLK_ATTRIBUTE(no_thread_safety_analysis)

namespace gstlk {

// std::mutex with annotations. ThreadSanitizer understands it, which it does not of a GMutex.
class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace gstlk
