// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/sfu/timer_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace gstlk::sfu {
namespace {

class Recorder final : public Timer {
 public:
  Recorder(std::vector<int>& log, int id) : log_(log), id_(id) {}
  void on_timer(Timestamp) override { log_.push_back(id_); }

 private:
  std::vector<int>& log_;
  int id_;
};

TEST(TimerQueue, RunsWhatIsDueInTheOrderOfDeadlines) {
  std::vector<int> log;
  Recorder a(log, 1), b(log, 2), c(log, 3);
  TimerQueue queue;
  queue.schedule(a, Timestamp(30ms));
  queue.schedule(b, Timestamp(10ms));
  queue.schedule(c, Timestamp(20ms));
  EXPECT_EQ(queue.next_deadline(), Timestamp(10ms));
  queue.run(Timestamp(20ms));
  EXPECT_EQ(log, (std::vector<int>{2, 3}));
  EXPECT_EQ(queue.next_deadline(), Timestamp(30ms));
}

TEST(TimerQueue, ATimerCanBeMovedAndCancelled) {
  std::vector<int> log;
  Recorder a(log, 1), b(log, 2);
  TimerQueue queue;
  queue.schedule(a, Timestamp(10ms));
  queue.schedule(b, Timestamp(20ms));
  queue.schedule(a, Timestamp(30ms));
  queue.cancel(b);
  EXPECT_FALSE(b.scheduled());
  queue.run(Timestamp(25ms));
  EXPECT_TRUE(log.empty());
  queue.run(Timestamp(30ms));
  EXPECT_EQ(log, (std::vector<int>{1}));
  EXPECT_EQ(queue.next_deadline(), std::nullopt);
}

TEST(TimerQueue, StaysOrderedThroughThousandsOfRandomChanges) {
  std::vector<int> log;
  std::vector<std::unique_ptr<Recorder>> timers;
  for (int i = 0; i < 200; ++i) timers.push_back(std::make_unique<Recorder>(log, i));
  std::mt19937 random(7);
  TimerQueue queue;
  for (int i = 0; i < 20'000; ++i) {
    Recorder& timer = *timers[random() % timers.size()];
    if (random() % 3 == 0) {
      queue.cancel(timer);
    } else {
      queue.schedule(timer, Timestamp(Duration(random() % 100'000)));
    }
    Timestamp least = Timestamp::max();
    for (const auto& t : timers) {
      if (t->scheduled()) least = std::min(least, t->deadline());
    }
    ASSERT_EQ(queue.next_deadline().value_or(Timestamp::max()), least);
  }
}

}  // namespace
}  // namespace gstlk::sfu
