// SPDX-License-Identifier: LGPL-2.1-or-later
#include "livekit_room.pb.h"
#include "room/data_outlet.h"
#include "room_fixture.h"

namespace gstlk::room {
namespace {

using Packet = ::livekit::DataPacket;

constexpr auto kReliable = DataChannelKind::Reliable;

class DataDeliveryTest : public RoomFixture {
 protected:
  explicit DataDeliveryTest(Settings settings = {}) : RoomFixture(std::move(settings)) {}

  static void say(Guest& from, const std::string& text, const std::string& to = "") {
    Packet packet;
    packet.mutable_user()->set_payload(text);
    if (!to.empty()) packet.add_destination_identities(to);
    const std::string bytes = packet.SerializeAsString();
    from->on_data(kReliable, as_bytes(bytes));
  }
  static std::vector<std::string> heard(const Guest& guest) {
    std::vector<std::string> texts;
    for (const auto& [channel, bytes] : guest.media->data) {
      Packet packet;
      EXPECT_TRUE(packet.ParseFromString(bytes));
      texts.push_back(packet.user().payload());
    }
    return texts;
  }
  static void fill(Guest& guest, size_t size = ReliableOutlet::kRoom) {
    guest.media->buffered[kReliable] = size;
  }
  static void empty(Guest& guest) {
    guest.media->buffered[kReliable] = 0;
    guest->on_data_low(kReliable);
  }
  static std::vector<std::string> texts(std::initializer_list<std::string> list) { return list; }

  Guest alice_ = join("alice");
  Guest bob_ = join("bob");
  Guest carol_ = join("carol");
};

TEST_F(DataDeliveryTest, ASenderIsHeldUntilAFullSubscriberHasRoom) {
  fill(bob_);
  say(alice_, "one");
  EXPECT_TRUE(alice_.media->holds_data);
  EXPECT_EQ(heard(carol_), texts({"one"}));
  EXPECT_TRUE(heard(bob_).empty());
  timers_.advance(1s);
  EXPECT_TRUE(alice_.media->holds_data);
  empty(bob_);
  EXPECT_FALSE(alice_.media->holds_data);
  EXPECT_EQ(heard(bob_), texts({"one"}));
  EXPECT_EQ(room().data().dropped(), 0u);
}

TEST_F(DataDeliveryTest, ItAlsoGoesOnWhenNobodySaysThatThereIsRoom) {
  fill(bob_);
  say(alice_, "one");
  bob_.media->buffered.clear();
  timers_.advance(50ms);
  EXPECT_FALSE(alice_.media->holds_data);
  EXPECT_EQ(heard(bob_), texts({"one"}));
}

TEST_F(DataDeliveryTest, OnlyThoseWhomAMessageIsForAreWaitedFor) {
  fill(bob_);
  say(alice_, "one", "carol");
  EXPECT_FALSE(alice_.media->holds_data);
  EXPECT_EQ(heard(carol_), texts({"one"}));
  // Nor is somebody else's sender held.
  say(alice_, "two", "bob");
  say(carol_, "three", "alice");
  EXPECT_TRUE(alice_.media->holds_data);
  EXPECT_FALSE(carol_.media->holds_data);
  EXPECT_EQ(heard(alice_), texts({"three"}));
}

TEST_F(DataDeliveryTest, TwoThatSendToEachOtherAndDoNotReadGoOn) {
  fill(alice_);
  fill(bob_);
  say(alice_, "one", "bob");
  say(bob_, "two", "alice");
  EXPECT_TRUE(alice_.media->holds_data);
  EXPECT_TRUE(bob_.media->holds_data);
  timers_.advance(6s);
  EXPECT_FALSE(alice_.media->holds_data);
  EXPECT_FALSE(bob_.media->holds_data);
  EXPECT_EQ(room().data().dropped(), 2u);
}

TEST_F(DataDeliveryTest, NobodyWaitsForWhoLeaves) {
  fill(bob_);
  say(alice_, "one");
  say(carol_, "two");
  room().remove(*bob_.participant, {});
  EXPECT_FALSE(alice_.media->holds_data);
  EXPECT_FALSE(carol_.media->holds_data);
  timers_.advance(1s);
}

TEST_F(DataDeliveryTest, ASenderMayLeaveWhileItIsHeld) {
  fill(bob_);
  say(alice_, "one");
  room().remove(*alice_.participant, {});
  timers_.advance(1s);
  empty(bob_);
  EXPECT_TRUE(heard(bob_).empty());
  say(carol_, "two");
  EXPECT_EQ(heard(bob_), texts({"two"}));
}

TEST_F(DataDeliveryTest, SendersTakeTurns) {
  fill(bob_);
  say(alice_, "a1", "bob");
  say(carol_, "c1", "bob");
  // Room for one message.
  bob_.media->buffered[kReliable] = ReliableOutlet::kRoom - 1;
  bob_.media->grows = true;
  bob_->on_data_low(kReliable);
  EXPECT_FALSE(alice_.media->holds_data);
  EXPECT_TRUE(carol_.media->holds_data);
  say(alice_, "a2", "bob");
  bob_.media->buffered[kReliable] = ReliableOutlet::kRoom - 1;
  bob_->on_data_low(kReliable);
  EXPECT_EQ(heard(bob_), texts({"a1", "c1"}));
  EXPECT_TRUE(alice_.media->holds_data);
  EXPECT_FALSE(carol_.media->holds_data);
}

TEST_F(DataDeliveryTest, TheServersOwnMessagesWaitForNobody) {
  ::livekit::SendDataRequest request;
  request.set_data("news");
  request.add_destination_identities("bob");
  fill(bob_);
  room().data().send(request);
  EXPECT_EQ(heard(bob_), texts({"news"}));
  fill(bob_, ReliableDelivery::kMaxUnheld);
  room().data().send(request);
  EXPECT_EQ(heard(bob_).size(), 1u);
  EXPECT_EQ(room().data().dropped(), 1u);
}

class SlowThresholdTest : public DataDeliveryTest {
 protected:
  SlowThresholdTest() : DataDeliveryTest({.data = {.slow_threshold = 100'000}}) {}
};

TEST_F(SlowThresholdTest, WhoIsTooSlowLosesMessagesAndTheOthersGoOn) {
  fill(bob_);
  say(alice_, "0");
  timers_.advance(200ms);
  EXPECT_FALSE(alice_.media->holds_data);
  for (int i = 1; i < 100; ++i) {
    say(alice_, std::to_string(i));
    EXPECT_FALSE(alice_.media->holds_data) << i;
  }
  EXPECT_TRUE(heard(bob_).empty());
  EXPECT_EQ(heard(carol_).size(), 100u);
  EXPECT_EQ(room().data().dropped(), 100u);
}

}  // namespace
}  // namespace gstlk::room
