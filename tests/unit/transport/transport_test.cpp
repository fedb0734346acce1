// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/transport.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <array>
#include <memory>
#include <vector>

#include "counting_random.h"
#include "system_clock.h"
#include "transport/ice_client.h"

namespace gstlk::transport {
namespace {

DtlsContext& context() {
  static const auto instance = std::move(DtlsContext::create()).value();
  return *instance;
}

const SocketAddress kServer = *SocketAddress::from_text("192.0.2.1:7882");
const SocketAddress kClient = *SocketAddress::from_text("192.0.2.7:40000");

struct Side {
  explicit Side(bool client)
      : transport({.dtls = &context(),
                   .random = counting_random,
                   .ice_client = client,
                   .dtls_role = client ? DtlsRole::Client : DtlsRole::Server}) {}

  template <class E>
  std::vector<E> all() const {
    std::vector<E> found;
    for (const TransportEvent& event : events)
      if (const auto* e = std::get_if<E>(&event)) found.push_back(*e);
    return found;
  }

  Transport transport;
  std::vector<TransportEvent> events;
};

class TransportTest : public testing::Test {
 protected:
  bool deliver(Side& from, Side& to) {
    bool moved = false;
    while (auto datagram = from.transport.poll_output()) {
      moved = true;
      EXPECT_LE(datagram->bytes.size(), DtlsSession::kMtu);
      const AddressPair& sent = datagram->path;
      if (!cut_)
        to.transport.handle_datagram(datagram->bytes, {sent.local, sent.remote, sent.protocol},
                                     now_);
    }
    while (auto event = to.transport.poll_event()) to.events.push_back(*std::move(event));
    while (auto event = from.transport.poll_event()) from.events.push_back(*std::move(event));
    return moved;
  }
  void exchange() {
    while (deliver(client_, server_) | deliver(server_, client_)) {
    }
  }
  void advance(Duration time) {
    const Timestamp end = now_ + time;
    while (now_ < end) {
      now_ += 10ms;
      advance_system_clock(10ms);
      SctpStack::instance().handle_timers(10ms);
      for (Side* side : {&client_, &server_}) {
        const auto due = side->transport.next_timeout(now_);
        if (due && *due <= now_) side->transport.handle_timeout(now_);
      }
      exchange();
    }
  }
  void signal() {
    client_.transport.set_remote_ice(server_.transport.local_ice());
    server_.transport.set_remote_ice(client_.transport.local_ice());
    EXPECT_TRUE(client_.transport.set_remote_fingerprint(server_.transport.local_fingerprint()));
    EXPECT_TRUE(server_.transport.set_remote_fingerprint(client_.transport.local_fingerprint()));
    client_.transport.set_remote_address({kServer, kClient});
  }
  void connect() {
    signal();
    advance(50ms);
    ASSERT_TRUE(client_.transport.connected());
    ASSERT_TRUE(server_.transport.connected());
  }

  Timestamp now_{100s};
  bool cut_ = false;
  Side server_{false};
  Side client_{true};
};

TEST_F(TransportTest, TwoOfThemConnect) {
  connect();
  EXPECT_EQ(server_.all<TransportConnected>().size(), 1u);
  EXPECT_EQ(client_.all<TransportConnected>().size(), 1u);
  EXPECT_EQ(server_.transport.selected(), (AddressPair{kClient, kServer}));
  ASSERT_EQ(server_.all<TransportMoved>().size(), 1u);
}

TEST_F(TransportTest, TheKeysOfBothSidesFit) {
  connect();
  Bytes packet(112, 3);
  packet[0] = 0x80;
  Bytes sealed(200);
  SrtpSendSession& send = *client_.transport.srtp_send();
  sealed.resize(send.protect_rtp(ByteView(packet).first(12), {}, ByteView(packet).subspan(12),
                                 sealed.data(), 0));
  Bytes opened(sealed.size());
  EXPECT_EQ(server_.transport.srtp_receive()->unprotect_rtp(sealed, opened), packet.size());
}

TEST_F(TransportTest, DataChannelsRunThroughIt) {
  client_.transport.enable_data_channels();
  server_.transport.enable_data_channels();
  EXPECT_FALSE(client_.transport.open_channel({.label = "too early"}));
  connect();
  const auto id = client_.transport.open_channel({.label = "_reliable"});
  ASSERT_TRUE(id);
  EXPECT_EQ(*id, 0);
  advance(100ms);
  ASSERT_EQ(server_.all<DataChannelOpened>().size(), 1u);
  EXPECT_TRUE(client_.transport.send_data(*id, Bytes(20000, 9), true));
  EXPECT_TRUE(server_.transport.send_data(*id, Bytes(10, 8), false));
  advance(200ms);
  ASSERT_EQ(server_.all<DataMessage>().size(), 1u);
  EXPECT_EQ(server_.all<DataMessage>()[0].bytes, Bytes(20000, 9));
  ASSERT_EQ(client_.all<DataMessage>().size(), 1u);
  EXPECT_EQ(server_.transport.open_channel({.label = "mine"}), 1);
}

TEST_F(TransportTest, DataChannelsMayBeNegotiatedLater) {
  connect();
  client_.transport.enable_data_channels();
  advance(1s);
  server_.transport.enable_data_channels();
  advance(3s);
  ASSERT_TRUE(client_.transport.open_channel({.label = "late"}));
  advance(1s);
  EXPECT_EQ(server_.all<DataChannelOpened>().size(), 1u);
}

TEST_F(TransportTest, TheServerSideMayStartDtls) {
  server_.transport.set_dtls_role(DtlsRole::Client);
  client_.transport.set_dtls_role(DtlsRole::Server);
  server_.transport.enable_data_channels();
  client_.transport.enable_data_channels();
  connect();
  EXPECT_EQ(server_.transport.open_channel({.label = "even"}), 0);
}

TEST_F(TransportTest, AWrongFingerprintFailsIt) {
  signal();
  std::string other = client_.transport.local_fingerprint();
  other.back() = other.back() == '0' ? '1' : '0';
  EXPECT_TRUE(server_.transport.set_remote_fingerprint(other));
  advance(50ms);
  EXPECT_TRUE(server_.transport.failed());
  EXPECT_EQ(server_.all<TransportFailed>().size(), 1u);
  EXPECT_EQ(server_.transport.srtp_receive(), nullptr);
  EXPECT_FALSE(server_.transport.set_remote_fingerprint("sha-256 nonsense"));
}

TEST_F(TransportTest, DropsAndCountsMediaBeforeTheKeys) {
  const Bytes rtp(50, 0x80);
  server_.transport.handle_datagram(rtp, {kClient, kServer}, now_);
  server_.transport.handle_datagram(Bytes{0x40, 0}, {kClient, kServer}, now_);
  EXPECT_EQ(server_.transport.stats().early_media, 1u);
  EXPECT_EQ(server_.transport.stats().unknown, 1u);
}

TEST_F(TransportTest, IgnoresDtlsFromAddressesThatPassedNoCheck) {
  connect();
  const SocketAddress stranger = *SocketAddress::from_text("198.51.100.1:1");
  server_.transport.handle_datagram(Bytes{22, 0xfe, 0xfd}, {stranger, kServer}, now_);
  EXPECT_EQ(server_.transport.stats().unknown, 1u);
}

TEST_F(TransportTest, SilenceDisconnectsAndChecksReconnect) {
  connect();
  cut_ = true;
  advance(11s);
  EXPECT_EQ(server_.all<TransportDisconnected>().size(), 1u);
  EXPECT_EQ(client_.all<TransportDisconnected>().size(), 1u);
  cut_ = false;
  advance(3s);
  EXPECT_EQ(server_.all<TransportReconnected>().size(), 1u);
  cut_ = true;
  advance(20s);
  EXPECT_EQ(server_.all<TransportFailed>().size(), 1u);
  EXPECT_FALSE(server_.transport.next_timeout(now_));
}

TEST_F(TransportTest, ARestartTakesASilentPeerBack) {
  connect();
  cut_ = true;
  advance(20s);
  ASSERT_TRUE(server_.transport.failed());
  server_.transport.restart_ice();
  EXPECT_FALSE(server_.transport.failed());
  advance(3s);
  EXPECT_TRUE(server_.all<TransportReconnected>().empty());
  IceClient back(counting_random);
  back.set_remote(server_.transport.local_ice(), {kClient, kServer});
  std::array<uint8_t, 512> check;
  const size_t size = back.poll_check(now_, check);
  server_.transport.handle_datagram({check.data(), size}, {kServer, kClient}, now_);
  exchange();
  EXPECT_EQ(server_.all<TransportReconnected>().size(), 1u);
  EXPECT_TRUE(server_.transport.connected());
}

TEST_F(TransportTest, StaysConnectedForAnHour) {
  connect();
  for (int i = 0; i < 1440; ++i) {
    now_ += 2500ms;
    client_.transport.handle_timeout(now_);
    server_.transport.handle_timeout(now_);
    exchange();
  }
  EXPECT_TRUE(server_.all<TransportDisconnected>().empty());
  EXPECT_FALSE(server_.transport.failed());
}

TEST_F(TransportTest, AnIceRestartMovesThePeerAndKeepsDtls) {
  connect();
  server_.transport.restart_ice();
  ASSERT_TRUE(server_.transport.previous_local_ice());
  advance(3s);
  const SocketAddress elsewhere = *SocketAddress::from_text("192.0.2.8:41000");
  client_.transport.set_remote_ice(server_.transport.local_ice());
  client_.transport.set_remote_address({kServer, elsewhere});
  advance(3s);
  EXPECT_EQ(server_.transport.selected()->remote, elsewhere);
  EXPECT_FALSE(server_.transport.previous_local_ice());
  EXPECT_EQ(server_.all<TransportMoved>().size(), 2u);
  EXPECT_TRUE(server_.transport.connected());
  EXPECT_EQ(server_.all<TransportConnected>().size(), 1u);
}

TEST(Transport, ARestingOneIsSmall) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the allocator is the sanitizer's";
#endif
  constexpr size_t kTransports = 20;
  std::vector<std::unique_ptr<Side>> servers;
  size_t used = 0;
  for (size_t i = 0; i <= kTransports; ++i) {
    const auto before = mallinfo2().uordblks;
    {
      Side client(true);
      servers.push_back(std::make_unique<Side>(false));
      Transport& s = servers.back()->transport;
      Transport& c = client.transport;
      c.set_remote_ice(s.local_ice());
      c.set_remote_address({kServer, kClient});
      EXPECT_TRUE(c.set_remote_fingerprint(s.local_fingerprint()));
      EXPECT_TRUE(s.set_remote_fingerprint(c.local_fingerprint()));
      c.enable_data_channels();
      s.enable_data_channels();
      c.handle_timeout(Timestamp{1s});
      for (int round = 0; round < 20; ++round) {
        while (auto d = c.poll_output())
          s.handle_datagram(d->bytes, {d->path.local, d->path.remote}, Timestamp{1s});
        while (auto d = s.poll_output())
          c.handle_datagram(d->bytes, {d->path.local, d->path.remote}, Timestamp{1s});
        while (c.poll_event() || s.poll_event()) {
        }
      }
      ASSERT_TRUE(s.connected());
    }
    // The first one pays for what is made once.
    if (i > 0) used += mallinfo2().uordblks - before;
  }
  printf("%zu bytes per connected transport with data channels\n", used / kTransports);
  EXPECT_LT(used / kTransports, 110'000u);
}

}  // namespace
}  // namespace gstlk::transport
