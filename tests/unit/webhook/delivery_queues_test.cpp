// SPDX-License-Identifier: LGPL-2.1-or-later
#include "webhook/delivery_queues.h"

#include <gtest/gtest.h>

#include <random>

namespace gstlk::webhook {
namespace {

const Route kKitchen{"http://one/", "kitchen"};
const Route kHall{"http://one/", "hall"};
const Route kKitchenElsewhere{"http://two/", "kitchen"};

class DeliveryQueuesTest : public testing::Test {
 protected:
  explicit DeliveryQueuesTest(DeliveryLimits limits = {}) : queues_(limits) {}

  bool add(uint64_t number, const Route& route, size_t size = 100) {
    return queues_.add(DeliveryId(number), route, size, now_);
  }
  // The numbers that are to be sent now.
  std::vector<uint64_t> poll() {
    std::vector<uint64_t> numbers;
    while (const auto attempt = queues_.poll(now_)) {
      numbers.push_back(attempt->id.value);
      dropped_ = attempt->dropped;
    }
    return numbers;
  }
  void deliver(uint64_t number) { queues_.handle_delivered(DeliveryId(number), now_); }
  void fail(uint64_t number, std::optional<Duration> retry_after = std::nullopt) {
    queues_.handle_failed(DeliveryId(number), retry_after, now_);
  }
  std::vector<uint64_t> take_dropped() {
    std::vector<uint64_t> numbers;
    while (const auto id = queues_.poll_dropped()) numbers.push_back(id->value);
    return numbers;
  }

  using Numbers = std::vector<uint64_t>;
  Timestamp now_{1s};
  uint32_t dropped_ = 0;  // told with the last one
  DeliveryQueues queues_;
};

TEST_F(DeliveryQueuesTest, EventsOfAResourceAreSentOneAfterTheOther) {
  ASSERT_TRUE(add(1, kKitchen) && add(2, kKitchen) && add(3, kKitchen));
  EXPECT_EQ(poll(), Numbers{1});
  EXPECT_EQ(poll(), Numbers{});
  deliver(1);
  EXPECT_EQ(poll(), Numbers{2});
  deliver(2);
  EXPECT_EQ(poll(), Numbers{3});
  deliver(3);
  EXPECT_EQ(poll(), Numbers{});
  EXPECT_EQ(queues_.size(), 0u);
  EXPECT_EQ(queues_.bytes(), 0u);
}

TEST_F(DeliveryQueuesTest, ResourcesAndReceiversDoNotWaitForEachOther) {
  ASSERT_TRUE(add(1, kKitchen) && add(2, kHall) && add(3, kKitchenElsewhere) && add(4, kKitchen));
  EXPECT_EQ(poll(), (Numbers{1, 2, 3}));
  fail(1);
  deliver(2);
  deliver(3);
  ASSERT_TRUE(add(5, kHall));
  EXPECT_EQ(poll(), Numbers{5});
}

TEST_F(DeliveryQueuesTest, AFailureIsTriedAgainAfterOneToThirtySeconds) {
  DeliveryQueues queues(DeliveryLimits{.max_age = std::nullopt});
  ASSERT_TRUE(queues.add(DeliveryId(1), kKitchen, 100, now_));
  for (const Duration wait : {1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s}) {
    ASSERT_TRUE(queues.poll(now_));
    queues.handle_failed(DeliveryId(1), std::nullopt, now_);
    EXPECT_EQ(queues.next_timeout(), now_ + wait);
    EXPECT_FALSE(queues.poll(now_ + wait - 1us));
    now_ += wait;
  }
  ASSERT_TRUE(queues.poll(now_));
  queues.handle_delivered(DeliveryId(1), now_);
  // The next failure is a first one again.
  ASSERT_TRUE(queues.add(DeliveryId(2), kKitchen, 100, now_));
  ASSERT_TRUE(queues.poll(now_));
  queues.handle_failed(DeliveryId(2), std::nullopt, now_);
  EXPECT_EQ(queues.next_timeout(), now_ + 1s);
}

TEST_F(DeliveryQueuesTest, NothingOvertakesAFailedEvent) {
  ASSERT_TRUE(add(1, kKitchen));
  EXPECT_EQ(poll(), Numbers{1});
  fail(1);
  ASSERT_TRUE(add(2, kKitchen));
  EXPECT_EQ(poll(), Numbers{});
  now_ += 1s;
  EXPECT_EQ(poll(), Numbers{1});
  deliver(1);
  EXPECT_EQ(poll(), Numbers{2});
}

TEST_F(DeliveryQueuesTest, AReceiverMayAskForMoreTimeButNotForLess) {
  ASSERT_TRUE(add(1, kKitchen) && add(2, kHall) && add(3, kKitchenElsewhere));
  poll();
  fail(1, 20s);
  fail(2, 0s);
  fail(3, 24h);
  EXPECT_EQ(queues_.next_timeout(), now_ + 1s);
  now_ += 1s;
  EXPECT_EQ(poll(), Numbers{2});
  EXPECT_EQ(queues_.next_timeout(), now_ + 19s);
  now_ += 19s;
  EXPECT_EQ(poll(), Numbers{1});
  EXPECT_EQ(queues_.next_timeout(), now_ + 280s);
}

TEST_F(DeliveryQueuesTest, AQueueIsBoundedAndTheNextEventSaysWhatIsMissing) {
  for (uint64_t number = 1; number <= 200; number++) ASSERT_TRUE(add(number, kKitchen));
  EXPECT_FALSE(add(201, kKitchen));
  EXPECT_FALSE(add(202, kKitchen));
  EXPECT_TRUE(add(203, kHall));
  EXPECT_EQ(poll(), (Numbers{1, 203}));
  // Told with the first that is sent; when that fails, with the next attempt.
  fail(1);
  now_ += 1s;
  const auto again = queues_.poll(now_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->dropped, 2u);
  deliver(1);
  poll();
  EXPECT_EQ(dropped_, 0u);
}

TEST_F(DeliveryQueuesTest, OldEventsAreGivenUp) {
  ASSERT_TRUE(add(1, kKitchen) && add(2, kKitchen));
  poll();
  fail(1);
  now_ += 25s;
  ASSERT_TRUE(add(3, kKitchen));
  now_ += 6s;
  EXPECT_EQ(poll(), Numbers{3});
  EXPECT_EQ(dropped_, 2u);
  EXPECT_EQ(take_dropped(), (Numbers{2, 1}));
}

TEST_F(DeliveryQueuesTest, TheLastOldEventOfAResourceIsTheEndOfItsQueue) {
  ASSERT_TRUE(add(1, kKitchen));
  poll();
  fail(1);
  now_ += 31s;
  EXPECT_EQ(poll(), Numbers{});
  EXPECT_EQ(take_dropped(), Numbers{1});
  EXPECT_EQ(queues_.next_timeout(), std::nullopt);
  ASSERT_TRUE(add(2, kHall));
  poll();
  EXPECT_EQ(dropped_, 1u);
}

struct SmallQueuesTest : DeliveryQueuesTest {
  SmallQueuesTest()
      : DeliveryQueuesTest({.max_depth = 0, .max_age = std::nullopt, .max_bytes = 1000}) {}
};

TEST_F(SmallQueuesTest, TheOldestMakesRoomUnlessItIsOnItsWay) {
  for (uint64_t number = 1; number <= 10; number++) ASSERT_TRUE(add(number, kKitchen));
  EXPECT_EQ(poll(), Numbers{1});
  EXPECT_TRUE(add(11, kHall, 200));
  EXPECT_EQ(take_dropped(), (Numbers{3, 2}));
  EXPECT_EQ(queues_.bytes(), 1000u);
  deliver(1);
  EXPECT_EQ(poll(), (Numbers{4, 11}));
}

TEST_F(SmallQueuesTest, WhatIsLargerThanEverythingIsDropped) {
  EXPECT_TRUE(add(1, kKitchen, 1001));
  EXPECT_EQ(take_dropped(), Numbers{1});
  EXPECT_EQ(poll(), Numbers{});
  EXPECT_EQ(queues_.bytes(), 0u);
}

struct NarrowQueuesTest : DeliveryQueuesTest {
  NarrowQueuesTest() : DeliveryQueuesTest({.max_in_flight = 2}) {}
};

TEST_F(NarrowQueuesTest, ASlowReceiverGetsNoMoreAtOnceThanItMay) {
  for (uint64_t number = 1; number <= 4; number++)
    ASSERT_TRUE(add(number, {"http://one/", std::to_string(number)}));
  EXPECT_EQ(poll().size(), 2u);
  EXPECT_EQ(queues_.next_timeout(), std::nullopt);
  ASSERT_TRUE(add(5, kKitchenElsewhere));
  EXPECT_EQ(poll(), Numbers{5});
}

// Five rooms at two receivers that fail now and then, at random and with every bound in reach.
TEST(DeliveryQueues, WhateverHappensARoomKeepsItsOrderAndNothingIsForgotten) {
  for (unsigned seed = 0; seed < 20; seed++) {
    std::mt19937 random(seed);
    DeliveryQueues queues({.max_depth = 8, .max_age = 20s, .max_bytes = 2500, .max_in_flight = 3});
    Timestamp now{1s};
    uint64_t last = 0;
    uint64_t refused = 0;
    uint64_t ended = 0;
    std::map<uint64_t, std::string> route_of;
    std::map<std::string, uint64_t> sent;  // the last one of a route
    std::map<uint64_t, std::string> in_flight;
    const auto turn = [&](bool may_add) {
      if (may_add && random() % 2 == 0) {
        const Route route{random() % 2 == 0 ? "http://one/" : "http://two/",
                          std::to_string(random() % 5)};
        route_of[++last] = route.url + route.resource;
        if (!queues.add(DeliveryId(last), route, 50 + random() % 200, now)) refused++;
      } else if (!in_flight.empty() && random() % 3 != 0) {
        const auto one =
            std::next(in_flight.begin(), static_cast<ptrdiff_t>(random() % in_flight.size()));
        const DeliveryId id(one->first);
        in_flight.erase(one);
        if (random() % 3 == 0) {
          queues.handle_failed(id, std::nullopt, now);
        } else {
          queues.handle_delivered(id, now);
          ended++;
        }
      } else {
        now += std::chrono::milliseconds(random() % 3000);
      }
      while (const auto attempt = queues.poll(now)) {
        const std::string& route = route_of[attempt->id.value];
        // One at a time, and never one before another that was sent already.
        for (const auto& [id, other] : in_flight) ASSERT_NE(other, route);
        ASSERT_GE(attempt->id.value, sent[route]);
        sent[route] = attempt->id.value;
        in_flight[attempt->id.value] = route;
      }
      while (const auto id = queues.poll_dropped()) {
        ASSERT_FALSE(in_flight.contains(id->value));
        ended++;
      }
      ASSERT_LE(in_flight.size(), 6u);
      ASSERT_LE(queues.bytes(), 2500u);
    };
    for (int i = 0; i < 3000 && !testing::Test::HasFatalFailure(); i++) turn(true);
    for (int i = 0; i < 3000 && queues.size() > 0; i++) turn(false);
    EXPECT_EQ(queues.size(), 0u);
    EXPECT_EQ(queues.bytes(), 0u);
    EXPECT_EQ(ended + refused, last);
    EXPECT_FALSE(queues.is_busy());
  }
}

TEST_F(DeliveryQueuesTest, IsBusyWhileSomethingIsOnItsWayOrNew) {
  EXPECT_FALSE(queues_.is_busy());
  ASSERT_TRUE(add(1, kKitchen));
  EXPECT_TRUE(queues_.is_busy());
  poll();
  EXPECT_TRUE(queues_.is_busy());
  fail(1);
  EXPECT_FALSE(queues_.is_busy());
}

}  // namespace
}  // namespace gstlk::webhook
