// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/client_thread.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>

namespace gstlk::client {
namespace {

// Keeps the thread busy until release().
class Holding {
 public:
  Holding(ClientThread& thread, bool stopping) {
    std::promise<void> begun;
    thread.post([this, &thread, &begun, stopping] {
      std::unique_ptr<ClientThread::Stopping> scope;
      if (stopping) scope = std::make_unique<ClientThread::Stopping>(thread);
      begun.set_value();
      released_.get_future().wait();
    });
    begun.get_future().wait();
  }
  void release() { released_.set_value(); }

 private:
  std::promise<void> released_;
};

TEST(ClientThreadTest, RunsATaskAndWaitsForIt) {
  const auto thread = ClientThread::get();
  bool on_it = false;
  EXPECT_TRUE(thread->run_unless_stopping([&] { on_it = thread->is_current(); }));
  EXPECT_TRUE(on_it);
}

TEST(ClientThreadTest, GivesATaskUpWhileItWaitsForStreamingThreads) {
  const auto thread = ClientThread::get();
  Holding held(*thread, true);
  bool ran = false;
  EXPECT_FALSE(thread->run_unless_stopping([&] { ran = true; }));
  held.release();
  thread->run([] {});
  EXPECT_FALSE(ran);
  // It takes tasks again.
  EXPECT_TRUE(thread->run_unless_stopping([&] { ran = true; }));
  EXPECT_TRUE(ran);
}

TEST(ClientThreadTest, WaitsLongerForAThreadThatIsBusyOtherwise) {
  const auto thread = ClientThread::get();
  Holding held(*thread, false);
  bool ran = false;
  auto called = std::async(std::launch::async,
                           [&] { return thread->run_unless_stopping([&] { ran = true; }); });
  EXPECT_EQ(called.wait_for(std::chrono::milliseconds(250)), std::future_status::timeout);
  held.release();
  EXPECT_TRUE(called.get());
  EXPECT_TRUE(ran);
}

TEST(ClientThreadTest, DoesNotGiveUpATaskThatStopsSomethingItself) {
  const auto thread = ClientThread::get();
  bool ran = false;
  EXPECT_TRUE(thread->run_unless_stopping([&] {
    const ClientThread::Stopping stopping(*thread);
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    ran = true;
  }));
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace gstlk::client
