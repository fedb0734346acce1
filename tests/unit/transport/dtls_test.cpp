// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport/dtls.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <random>
#include <utility>

#include "system_clock.h"

namespace gstlk::transport {
namespace {

DtlsContext& server_context() {
  static const auto context = std::move(DtlsContext::create()).value();
  return *context;
}
DtlsContext& client_context() {
  static const auto context = std::move(DtlsContext::create()).value();
  return *context;
}

class DtlsTest : public testing::Test {
 protected:
  // Hands over everything that waits, both ways, until nothing does.
  void exchange() {
    for (bool moved = true; moved;) {
      moved = false;
      while (auto datagram = client_.poll_output()) {
        EXPECT_LE(datagram->size(), DtlsSession::kMtu);
        server_.handle_datagram(*datagram);
        moved = true;
      }
      while (auto datagram = server_.poll_output()) {
        EXPECT_LE(datagram->size(), DtlsSession::kMtu);
        client_.handle_datagram(*datagram);
        moved = true;
      }
    }
  }
  void exchange_fingerprints() {
    EXPECT_TRUE(server_.set_remote_fingerprint(client_context().fingerprint()));
    EXPECT_TRUE(client_.set_remote_fingerprint(server_context().fingerprint()));
  }
  void connect() {
    exchange_fingerprints();
    client_.start();
    exchange();
    ASSERT_EQ(server_.state(), DtlsSession::State::Connected) << server_.failure();
    ASSERT_EQ(client_.state(), DtlsSession::State::Connected) << client_.failure();
  }
  void expect_data_flows() {
    const Bytes question(1000, 1);
    const Bytes answer(900, 2);
    EXPECT_TRUE(client_.send_application_data(question));
    EXPECT_TRUE(server_.send_application_data(answer));
    exchange();
    EXPECT_EQ(server_.poll_application_data(), question);
    EXPECT_EQ(client_.poll_application_data(), answer);
    EXPECT_FALSE(server_.poll_application_data());
  }

  DtlsSession server_{server_context(), DtlsRole::Server};
  DtlsSession client_{client_context(), DtlsRole::Client};
};

TEST_F(DtlsTest, BothSidesExportTheSameKeysWithGcm) {
  connect();
  ASSERT_TRUE(server_.srtp_keys() && client_.srtp_keys());
  const SrtpMasterKeys& s = *server_.srtp_keys();
  const SrtpMasterKeys& c = *client_.srtp_keys();
  EXPECT_EQ(s.send.profile, SrtpProfile::AeadAes128Gcm);
  EXPECT_EQ(s.send.key, c.receive.key);
  EXPECT_EQ(s.send.salt, c.receive.salt);
  EXPECT_EQ(s.receive.key, c.send.key);
  EXPECT_EQ(s.receive.salt, c.send.salt);
  EXPECT_NE(s.send.key, s.receive.key);
}

TEST_F(DtlsTest, CarriesApplicationData) {
  connect();
  expect_data_flows();
  EXPECT_FALSE(client_.send_application_data(Bytes(DtlsSession::kMaxApplicationData + 1)));
  EXPECT_TRUE(client_.send_application_data(Bytes(DtlsSession::kMaxApplicationData)));
  exchange();
}

TEST_F(DtlsTest, WaitsForTheFingerprintThatComesLate) {
  EXPECT_TRUE(client_.set_remote_fingerprint(server_context().fingerprint()));
  client_.start();
  exchange();
  EXPECT_EQ(client_.state(), DtlsSession::State::Connected);
  EXPECT_EQ(server_.state(), DtlsSession::State::Unverified);
  EXPECT_FALSE(server_.srtp_keys());
  EXPECT_FALSE(server_.send_application_data(Bytes{1}));
  EXPECT_TRUE(client_.send_application_data(Bytes{1}));
  exchange();
  EXPECT_FALSE(server_.poll_application_data());
  EXPECT_TRUE(server_.set_remote_fingerprint(client_context().fingerprint()));
  EXPECT_EQ(server_.state(), DtlsSession::State::Connected);
  EXPECT_EQ(server_.poll_application_data(), Bytes{1});
}

TEST_F(DtlsTest, RefusesAPeerWithAnotherCertificate) {
  EXPECT_TRUE(server_.set_remote_fingerprint(server_context().fingerprint()));
  client_.start();
  exchange();
  EXPECT_EQ(server_.state(), DtlsSession::State::Failed);
  EXPECT_FALSE(server_.srtp_keys());
}

TEST_F(DtlsTest, ReadsFingerprintsInAnyCaseAndOfAnyKnownHash) {
  std::string lower = client_context().fingerprint();
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return tolower(c); });
  EXPECT_TRUE(server_.set_remote_fingerprint(lower));
  EXPECT_TRUE(client_.set_remote_fingerprint(server_context().fingerprint()));
  client_.start();
  exchange();
  EXPECT_EQ(server_.state(), DtlsSession::State::Connected);
  std::string long_one = "sha-512 00";
  for (int i = 1; i < 64; ++i) long_one += ":00";
  EXPECT_TRUE(server_.set_remote_fingerprint(long_one));
  for (const char* bad : {"", "sha-256", "sha-256 00", "md5 00:11", "sha-256 zz:00"})
    EXPECT_FALSE(server_.set_remote_fingerprint(bad)) << bad;
  EXPECT_FALSE(server_.set_remote_fingerprint(lower + ":00"));
}

TEST_F(DtlsTest, RepeatsALostFlight) {
  exchange_fingerprints();
  client_.start();
  while (client_.poll_output()) {
  }
  EXPECT_EQ(client_.next_timeout(Timestamp{5s}), Timestamp{5s + DtlsSession::kFirstRetransmit});
  client_.handle_timeout();
  EXPECT_FALSE(client_.poll_output());
  advance_system_clock(DtlsSession::kFirstRetransmit);
  client_.handle_timeout();
  const auto repeated = client_.poll_output();
  ASSERT_TRUE(repeated);
  EXPECT_EQ(client_.next_timeout(Timestamp{}), Timestamp{2 * DtlsSession::kFirstRetransmit});
  server_.handle_datagram(*repeated);
  exchange();
  EXPECT_EQ(server_.state(), DtlsSession::State::Connected);
}

TEST_F(DtlsTest, GivesUpWithinAMinute) {
  exchange_fingerprints();
  client_.start();
  Timestamp now{};
  while (client_.state() == DtlsSession::State::Handshaking && now < Timestamp{60s}) {
    const auto due = client_.next_timeout(now);
    ASSERT_TRUE(due);
    advance_system_clock(*due - now);
    now = *due;
    client_.handle_timeout();
  }
  EXPECT_EQ(client_.state(), DtlsSession::State::Failed);
  EXPECT_GT(now, Timestamp{30s});
}

TEST_F(DtlsTest, HasNothingToWaitForWhenConnected) {
  EXPECT_FALSE(client_.next_timeout(Timestamp{}));
  connect();
  EXPECT_FALSE(client_.next_timeout(Timestamp{}));
  EXPECT_FALSE(server_.next_timeout(Timestamp{}));
}

TEST_F(DtlsTest, AnEstablishedSessionSurvivesAnyDatagram) {
  connect();
  std::mt19937 random(3);
  EXPECT_TRUE(client_.send_application_data(Bytes(200, 5)));
  const Bytes real = *client_.poll_output();
  for (int i = 0; i < 5000; ++i) {
    Bytes datagram = real;
    if (i % 3 == 0) {
      datagram.resize(random() % 1500);
      for (uint8_t& byte : datagram) byte = static_cast<uint8_t>(random());
      if (!datagram.empty()) datagram[0] = static_cast<uint8_t>(20 + random() % 7);
    } else if (i % 3 == 1) {
      datagram[random() % datagram.size()] ^= static_cast<uint8_t>(1 + random() % 255);
    } else {
      // A plain alert or handshake record of epoch 0.
      datagram = {
          static_cast<uint8_t>(i % 2 ? 21 : 22), 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 9, 0, 0, 2, 2,
          static_cast<uint8_t>(random())};
      datagram[12] = 2;
      datagram[11] = 0;
    }
    server_.handle_datagram(datagram);
  }
  while (server_.poll_output()) {
  }
  while (server_.poll_application_data()) {
  }
  EXPECT_EQ(server_.state(), DtlsSession::State::Connected);
  expect_data_flows();
}

TEST_F(DtlsTest, GoesOnAfterCloseNotify) {
  connect();
  // What SSL_shutdown sends: a warning alert inside the session.
  EXPECT_FALSE(server_.peer_closed());
  client_.close();
  exchange();
  EXPECT_TRUE(server_.peer_closed());
  EXPECT_EQ(server_.state(), DtlsSession::State::Connected);
  EXPECT_TRUE(server_.send_application_data(Bytes{7}));
  EXPECT_TRUE(server_.poll_output());
}

TEST_F(DtlsTest, TakesAClientHelloInTwoFragments) {
  exchange_fingerprints();
  client_.start();
  const Bytes hello = *client_.poll_output();
  // Record header of 13 bytes, handshake header of 12; RFC 6347 sections 4.1 and 4.2.2.
  const ByteView body = ByteView(hello).subspan(25);
  const size_t cut = body.size() / 2;
  // Record numbers that the client will not use again for what it sends next.
  uint8_t number = 0;
  for (const auto& [offset, part] :
       {std::pair{size_t{0}, body.first(cut)}, std::pair{cut, body.subspan(cut)}}) {
    Bytes record(hello.begin(), hello.begin() + 25);
    record.insert(record.end(), part.begin(), part.end());
    record[10] = std::exchange(number, uint8_t{40});
    store_u16(&record[11], static_cast<uint16_t>(part.size() + 12));
    store_u24(&record[19], static_cast<uint32_t>(offset));
    store_u24(&record[22], static_cast<uint32_t>(part.size()));
    server_.handle_datagram(record);
  }
  exchange();
  EXPECT_EQ(server_.state(), DtlsSession::State::Connected) << server_.failure();
}

TEST(Dtls, AnEstablishedSessionIsSmall) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the allocator is the sanitizer's";
#endif
  constexpr size_t kSessions = 50;
  std::vector<std::unique_ptr<DtlsSession>> servers;
  const auto before = mallinfo2().uordblks;
  for (size_t i = 0; i < kSessions; ++i) {
    DtlsSession client(client_context(), DtlsRole::Client);
    auto server = std::make_unique<DtlsSession>(server_context(), DtlsRole::Server);
    EXPECT_TRUE(server->set_remote_fingerprint(client_context().fingerprint()));
    client.start();
    for (int round = 0; round < 10; ++round) {
      while (auto datagram = client.poll_output()) server->handle_datagram(*datagram);
      while (auto datagram = server->poll_output()) client.handle_datagram(*datagram);
    }
    ASSERT_EQ(server->state(), DtlsSession::State::Connected);
    // Its owner calls on every timer of the transport, not only on DTLS's own.
    server->handle_timeout();
    servers.push_back(std::move(server));
  }
  const size_t each = (mallinfo2().uordblks - before) / kSessions;
  RecordProperty("bytes", static_cast<int>(each));
  EXPECT_LT(each, 50'000u);
  printf("%zu bytes per established DTLS session\n", each);
}

}  // namespace
}  // namespace gstlk::transport
