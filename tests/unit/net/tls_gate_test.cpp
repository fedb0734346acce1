// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <list>

#include "http_server_fixture.h"
#include "raw_client.h"
#include "tls_client.h"

// TLS clients that take their time, beside others.
namespace gstlk::net {
namespace {

class TlsGateTest : public HttpsServerTest {
 protected:
  void connect(size_t count, std::string_view greeting = "") {
    for (size_t i = 0; i < count; i++) clients_.emplace_back(secure_.port()).send(greeting);
    turn_for(200);
  }

  std::list<RawClient> clients_;
};

TEST_F(TlsGateTest, WhoSaysNothingKeepsNobodyWaiting) {
  connect(200);
  EXPECT_LT(seconds_of([this] { EXPECT_EQ(shown(), first_.certificate); }), 2);
}

TEST_F(TlsGateTest, WhoStopsInTheHandshakeKeepsNobodyWaitingForLong) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "handshakes take too long";
#endif
  connect(200, make_client_hello());
  EXPECT_LT(seconds_of([this] { EXPECT_EQ(shown(), first_.certificate); }), 2);
}

TEST_F(TlsGateTest, WhoStopsInTheHandshakeIsClosed) {
  connect(1, make_client_hello());
  EXPECT_FALSE(clients_.front().closed());
  EXPECT_TRUE(run_until([this] { return clients_.front().closed(); }));
}

TEST_F(TlsGateTest, AHandshakeMayBeginInPieces) {
  RawClient client(secure_.port());
  const std::string hello = make_client_hello();
  for (const auto& [at, size] : {std::pair<size_t, size_t>{0, 3}, {3, 4}, {7, hello.size() - 7}}) {
    EXPECT_EQ(client.read(), "");
    client.send(std::string_view(hello).substr(at, size));
    turn_for(50);
  }
  ASSERT_TRUE(run_until([&] { return !client.read().empty(); }));
  EXPECT_EQ(client.read()[0], 22);
}

TEST_F(TlsGateTest, WhatIsNoTlsIsClosedAtOnce) {
  RawClient client(secure_.port());
  client.send("GET / HTTP/1.1\r\n");
  EXPECT_TRUE(run_until([&] { return client.closed(); }));
  EXPECT_EQ(client.read(), "");
}

TEST_F(TlsGateTest, WhoEndsBeforeTheHandshakeIsClosed) {
  RawClient client(secure_.port());
  client.send(make_client_hello().substr(0, 20));
  turn_for(50);
  EXPECT_FALSE(client.closed());
  client.end();
  EXPECT_TRUE(run_until([&] { return client.closed(); }));
}

TEST_F(TlsGateTest, TheServerWaitsForNobodyWhenItEnds) {
  auto server = std::make_unique<HttpServer>(HttpLimits{});
  server->use_certificate(certificate_of(first_));
  ASSERT_TRUE(server->listen({"127.0.0.1"}, 0));
  std::list<RawClient> clients;
  for (int i = 0; i < 20; i++) clients.emplace_back(server->port());
  for (int i = 0; i < 20; i++) clients.emplace_back(server->port()).send(make_client_hello());
  turn_for(200);
  EXPECT_LT(seconds_of([&] { server.reset(); }), 1);
  EXPECT_TRUE(run_until(
      [&] { return std::ranges::all_of(clients, [](RawClient& one) { return one.closed(); }); }));
}

}  // namespace
}  // namespace gstlk::net
