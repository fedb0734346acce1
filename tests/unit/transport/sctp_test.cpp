// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/sctp.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "system_clock.h"
#include "transport/dtls.h"

namespace gstlk::transport {
namespace {

constexpr size_t kChecksum = 8;
constexpr size_t kFirstChunk = 12;

// RFC 9260 appendix A.
uint32_t crc32c(ByteView bytes) {
  uint32_t crc = 0xffffffff;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

// What INIT and INIT ACK say of the window of who sends them.
void advertise(uint32_t window, std::span<uint8_t> packet) {
  constexpr size_t kWindow = kFirstChunk + 8;
  const uint8_t type = packet[kFirstChunk];
  if (type != 1 && type != 2) return;
  store_u32(&packet[kWindow], window);
  store_u32(&packet[kChecksum], 0);
  store_u32(&packet[kChecksum], __builtin_bswap32(crc32c(packet)));
}

class SctpTest : public testing::Test {
 protected:
  struct Side {
    explicit Side(SctpSession::Streams streams)
        : session(std::make_unique<SctpSession>(
              streams, SctpSession::kDefaultPort, SctpSession::kDefaultPort,
              SctpWakeup{[](void* data) { ++*static_cast<int*>(data); }, &wakeups})) {}

    template <class E>
    std::vector<E> all() const {
      std::vector<E> found;
      for (const SctpEvent& event : events)
        if (const auto* e = std::get_if<E>(&event)) found.push_back(*e);
      return found;
    }

    int wakeups = 0;
    std::unique_ptr<SctpSession> session;
    std::vector<SctpEvent> events;
  };

  bool deliver(Side& from, Side& to) {
    bool moved = false;
    while (auto packet = from.session->poll_packet()) {
      moved = true;
      EXPECT_LE(packet->size(), DtlsSession::kMaxApplicationData);
      if (&from == &server_ && server_window_ != 0) advertise(server_window_, *packet);
      if (loss_ == 0 || random_() % loss_ != 0) to.session->handle_packet(*packet);
    }
    while (auto event = to.session->poll_event()) {
      to.events.push_back(*std::move(event));
      moved = true;
    }
    return moved;
  }
  void exchange() {
    while (deliver(client_, server_) | deliver(server_, client_)) {
    }
  }
  // Lets time go by, in the ticks of a worker.
  void advance(Duration time) {
    for (Duration passed{}; passed < time; passed += 10ms) {
      advance_system_clock(10ms);
      SctpStack::instance().handle_timers(10ms);
      exchange();
    }
  }
  void connect() {
    ASSERT_TRUE(client_.session->start());
    ASSERT_TRUE(server_.session->start());
    exchange();
    advance(loss_ ? 10s : 50ms);
    ASSERT_TRUE(client_.session->connected());
    ASSERT_TRUE(server_.session->connected());
  }
  ChannelId open(DataChannelConfig config) {
    const auto id = client_.session->open_channel(std::move(config));
    EXPECT_TRUE(id);
    exchange();
    return id.value_or(0);
  }

  unsigned loss_ = 0;           // one packet in so many
  uint32_t server_window_ = 0;  // that it says it has; 0: what it has
  std::mt19937 random_{1};
  Side client_{SctpSession::Streams::Even};
  Side server_{SctpSession::Streams::Odd};
};

TEST_F(SctpTest, BothSidesConnectAtOnce) {
  connect();
  EXPECT_EQ(client_.all<SctpConnected>().size(), 1u);
  EXPECT_EQ(server_.all<SctpConnected>().size(), 1u);
}

TEST_F(SctpTest, TheLaterSideConnectsToo) {
  ASSERT_TRUE(client_.session->start());
  exchange();
  advance(3s);
  EXPECT_FALSE(client_.session->connected());
  ASSERT_TRUE(server_.session->start());
  exchange();
  advance(5s);
  EXPECT_TRUE(client_.session->connected());
  EXPECT_TRUE(server_.session->connected());
}

TEST_F(SctpTest, AnnouncesChannelsWithTheirConfiguration) {
  connect();
  const DataChannelConfig lossy{.label = "_lossy", .ordered = false, .max_retransmits = 0};
  EXPECT_EQ(open({.label = "_reliable"}), 0);
  EXPECT_EQ(open(lossy), 2);
  const auto opened = server_.all<DataChannelOpened>();
  ASSERT_EQ(opened.size(), 2u);
  EXPECT_EQ(opened[0].config.label, "_reliable");
  EXPECT_EQ(opened[1].config, lossy);
  EXPECT_EQ(opened[1].id, 2);
  EXPECT_TRUE(opened[1].by_peer);
  const auto acknowledged = client_.all<DataChannelOpened>();
  ASSERT_EQ(acknowledged.size(), 2u);
  EXPECT_FALSE(acknowledged[0].by_peer);
  EXPECT_EQ(server_.session->open_channel({.label = "mine"}), 1);
}

TEST_F(SctpTest, OpensAChannelThatWasAskedForBeforeTheAssociation) {
  EXPECT_TRUE(client_.session->open_channel({.label = "early"}));
  EXPECT_FALSE(client_.session->send(0, Bytes{1}, true));
  connect();
  ASSERT_EQ(server_.all<DataChannelOpened>().size(), 1u);
}

TEST_F(SctpTest, CarriesMessagesOfAllSizesBothWays) {
  connect();
  for (const bool ordered : {true, false}) {
    const ChannelId id = open({.label = "x", .ordered = ordered});
    for (const size_t size : {size_t{0}, size_t{1}, size_t{5000}, SctpSession::kMaxMessageSize}) {
      const Bytes message(size, 7);
      EXPECT_TRUE(client_.session->send(id, message, true)) << size;
      EXPECT_TRUE(server_.session->send(id, message, false)) << size;
      exchange();
      advance(200ms);
      const auto at_server = server_.all<DataMessage>();
      ASSERT_FALSE(at_server.empty());
      EXPECT_EQ(at_server.back().bytes, message);
      EXPECT_TRUE(at_server.back().binary);
      EXPECT_EQ(at_server.back().id, id);
      EXPECT_EQ(client_.all<DataMessage>().back().bytes, message);
      EXPECT_FALSE(client_.all<DataMessage>().back().binary);
    }
  }
}

TEST_F(SctpTest, RefusesMessagesThatAreTooLongOrHaveNoChannel) {
  connect();
  const ChannelId id = open({.label = "x"});
  EXPECT_FALSE(client_.session->send(id, Bytes(SctpSession::kMaxMessageSize + 1), true));
  EXPECT_FALSE(client_.session->send(99, Bytes{1}, true));
}

TEST_F(SctpTest, QueuesUpToABoundAndLosesNothingOfIt) {
  connect();
  const ChannelId id = open({.label = "x"});
  size_t accepted = 0;
  while (accepted <= 2 * SctpSession::kMaxWaiting &&
         client_.session->send(id, Bytes(60000, 1), true))
    accepted += 60000;
  EXPECT_LE(client_.session->waiting(id), SctpSession::kMaxWaiting);
  EXPECT_GE(client_.session->waiting(id), SctpSession::kMaxWaiting - 60000);
  EXPECT_LE(accepted, SctpSession::kMaxWaiting + 300'000);
  exchange();
  advance(2s);
  EXPECT_EQ(server_.all<DataMessage>().size(), accepted / 60000);
  EXPECT_EQ(client_.session->waiting(id), 0u);
  EXPECT_TRUE(client_.session->send(id, Bytes(60000, 1), true));
}

TEST_F(SctpTest, AFullQueueDoesNotHoldTheOtherChannels) {
  connect();
  const ChannelId file = open({.label = "file"});
  const ChannelId chat = open({.label = "chat"});
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(client_.session->send(file, Bytes(60000, 1), true));
  EXPECT_TRUE(client_.session->send(chat, Bytes(10, 2), true));
  EXPECT_EQ(client_.session->waiting(chat), 10u);
  exchange();
  advance(2s);
  const auto messages = server_.all<DataMessage>();
  ASSERT_EQ(messages.size(), 51u);
  const auto said = std::ranges::find(messages, chat, &DataMessage::id) - messages.begin();
  EXPECT_LT(said, 10);
}

TEST_F(SctpTest, WhoDoesNotReceiveClosesTheWindowUntilItDoes) {
  connect();
  const ChannelId id = open({.label = "x"});
  server_.session->set_receiving(false);
  for (uint8_t i = 0; i < 200; ++i) EXPECT_TRUE(client_.session->send(id, Bytes(10000, i), true));
  advance(5s);
  EXPECT_TRUE(server_.all<DataMessage>().empty());
  const size_t left = 200 * 10000 - client_.session->waiting(id);
  EXPECT_LE(left, SctpSession::kReceiveBuffer + 64 * 1024);
  EXPECT_GE(left, SctpSession::kReceiveBuffer / 4);
  // What it sends itself is not held up.
  EXPECT_TRUE(server_.session->send(id, Bytes(1000, 1), true));
  advance(1s);
  EXPECT_EQ(client_.all<DataMessage>().size(), 1u);

  server_.session->set_receiving(true);
  exchange();
  advance(12s);
  const auto messages = server_.all<DataMessage>();
  ASSERT_EQ(messages.size(), 200u);
  for (uint8_t i = 0; i < 200; ++i) EXPECT_EQ(messages[i].bytes[0], i);
  EXPECT_EQ(client_.session->waiting(id), 0u);
}

TEST_F(SctpTest, AReceiverThatComesAndGoesLosesNothing) {
  loss_ = 20;
  connect();
  const ChannelId id = open({.label = "x"});
  for (uint8_t i = 0; i < 100; ++i) EXPECT_TRUE(client_.session->send(id, Bytes(20000, i), true));
  for (int i = 0; i < 60; ++i) {
    server_.session->set_receiving(i % 3 == 0);
    advance(1s);
  }
  server_.session->set_receiving(true);
  advance(30s);
  const auto messages = server_.all<DataMessage>();
  ASSERT_EQ(messages.size(), 100u);
  for (uint8_t i = 0; i < 100; ++i) EXPECT_EQ(messages[i].bytes[0], i);
}

TEST_F(SctpTest, AReliableChannelLosesNothingOnALossyPath) {
  loss_ = 10;
  connect();
  const ChannelId id = open({.label = "x"});
  for (uint8_t i = 0; i < 100; ++i) EXPECT_TRUE(client_.session->send(id, Bytes(2000, i), true));
  advance(60s);
  const auto messages = server_.all<DataMessage>();
  ASSERT_EQ(messages.size(), 100u);
  for (uint8_t i = 0; i < 100; ++i) EXPECT_EQ(messages[i].bytes[0], i);
}

TEST_F(SctpTest, AChannelWithoutRetransmissionsLosesMessagesAndGoesOn) {
  connect();
  const ChannelId id = open({.label = "_lossy", .ordered = false, .max_retransmits = 0});
  loss_ = 5;
  for (int i = 0; i < 300; ++i) {
    EXPECT_TRUE(client_.session->send(id, Bytes(500, 1), true));
    advance(20ms);
  }
  advance(5s);
  const size_t received = server_.all<DataMessage>().size();
  EXPECT_GT(received, 150u);
  EXPECT_LT(received, 300u);
  loss_ = 0;
  EXPECT_TRUE(client_.session->send(id, Bytes(500, 2), true));
  advance(5s);
  EXPECT_EQ(server_.all<DataMessage>().back().bytes[0], 2);
}

// A peer may have room for a packet or two only, and delay its acknowledgements: what is sent to it
// at first asks for them as well.
TEST_F(SctpTest, ASmallWindowIsNotedBeforeAnythingWaits) {
  server_window_ = 1500;
  connect();
  EXPECT_TRUE(client_.session->open_channel({.label = "x"}));
  const auto packet = client_.session->poll_packet();
  ASSERT_TRUE(packet);
  constexpr uint8_t kImmediate = 0x08;
  EXPECT_EQ((*packet)[kFirstChunk], 0);  // DATA
  EXPECT_TRUE((*packet)[kFirstChunk + 1] & kImmediate);
}

TEST_F(SctpTest, ClosingAChannelClosesItOnBothSides) {
  connect();
  const ChannelId first = open({.label = "first"});
  const ChannelId second = open({.label = "second"});
  client_.session->close_channel(first);
  EXPECT_FALSE(client_.session->send(first, Bytes{1}, true));
  exchange();
  advance(1s);
  ASSERT_EQ(client_.all<DataChannelClosed>().size(), 1u);
  ASSERT_EQ(server_.all<DataChannelClosed>().size(), 1u);
  EXPECT_EQ(server_.all<DataChannelClosed>()[0].id, first);
  EXPECT_FALSE(server_.session->send(first, Bytes{1}, true));
  EXPECT_TRUE(server_.session->send(second, Bytes{1}, true));
}

TEST_F(SctpTest, WakesItsOwnerForWhatTimersDo) {
  connect();
  const ChannelId id = open({.label = "x"});
  advance(1s);
  client_.wakeups = 0;
  EXPECT_TRUE(client_.session->send(id, Bytes{1}, true));
  EXPECT_EQ(client_.wakeups, 0);
  while (client_.session->poll_packet()) {
  }
  for (int i = 0; i < 100; ++i) {
    advance_system_clock(10ms);
    SctpStack::instance().handle_timers(10ms);
  }
  EXPECT_GT(client_.wakeups, 0);
  EXPECT_TRUE(client_.session->poll_packet());
}

TEST_F(SctpTest, SurvivesGarbage) {
  connect();
  const ChannelId id = open({.label = "x"});
  for (int i = 0; i < 3000; ++i) {
    Bytes garbage(random_() % 200);
    std::ranges::generate(garbage, [this] { return static_cast<uint8_t>(random_()); });
    server_.session->handle_packet(garbage);
  }
  EXPECT_TRUE(client_.session->send(id, Bytes{1}, true));
  exchange();
  EXPECT_EQ(server_.all<DataMessage>().size(), 1u);
}

TEST_F(SctpTest, NothingHappensToASessionAfterItsEnd) {
  connect();
  const ChannelId id = open({.label = "x"});
  EXPECT_TRUE(client_.session->send(id, Bytes(50000, 1), true));
  client_.session.reset();
  client_.wakeups = 0;
  for (int i = 0; i < 500; ++i) {
    advance_system_clock(10ms);
    SctpStack::instance().handle_timers(10ms);
  }
  EXPECT_EQ(client_.wakeups, 0);
}

TEST_F(SctpTest, DropsPacketsBeforeItsStart) {
  ASSERT_TRUE(client_.session->start());
  server_.session->handle_packet(*client_.session->poll_packet());
  EXPECT_FALSE(server_.session->poll_packet());
  EXPECT_EQ(server_.session->dropped(), 1u);
}

TEST(Sctp, SessionsComeAndGoWithoutLeaking) {
  const auto pass = [] {
    for (int i = 0; i < 50; ++i) {
      SctpSession a(SctpSession::Streams::Even, 5000, 5000, {});
      SctpSession b(SctpSession::Streams::Odd, 5000, 5000, {});
      ASSERT_TRUE(a.start() && b.start());
      for (int round = 0; round < 6; ++round) {
        while (auto packet = a.poll_packet()) b.handle_packet(*packet);
        while (auto packet = b.poll_packet()) a.handle_packet(*packet);
        while (a.poll_event() || b.poll_event()) {
        }
      }
      ASSERT_TRUE(a.connected() && b.connected());
    }
    for (int i = 0; i < 200; ++i) SctpStack::instance().handle_timers(100ms);
  };
  pass();
  const auto before = mallinfo2().uordblks;
  pass();
  EXPECT_LT(mallinfo2().uordblks, before + 20'000);
}

}  // namespace
}  // namespace gstlk::transport
