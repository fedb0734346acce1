// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "http_server_fixture.h"
#include "raw_client.h"
#include "support/no_descriptors.h"
#include "tls_client.h"

// Clients that want to use up what there is.
namespace gstlk::net {
namespace {

TEST_F(HttpServerTest, ConnectionsAreTakenAgainWhenThereAreDescriptorsAgain) {
  RawClient client(server_.port());
  {
    const NoDescriptors none;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    turn_for(300);
    EXPECT_EQ(client.read(), "");
    EXPECT_FALSE(client.closed());
  }
  EXPECT_TRUE(run_until([&] { return client.read().ends_with("OK"); }));
  EXPECT_EQ(request("GET", "/").status, 200u);
}

// Ends what a client holds up, so that a test of that fails instead of going on for ever.
class Rescue {
 public:
  explicit Rescue(TlsClient& client)
      : thread_([this, &client] {
          std::unique_lock lock(mutex_);
          if (!over_.wait_for(lock, 2s, [this] { return is_over_; })) client.hang_up();
        }) {}
  ~Rescue() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    over_.notify_one();
    thread_.join();
  }
  Rescue(const Rescue&) = delete;
  Rescue& operator=(const Rescue&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable over_;
  bool is_over_ = false;
  std::thread thread_;
};

// TLS says goodbye, for which there may be no room.
class UnreadTlsTest : public HttpsServerTest {
 protected:
  UnreadTlsTest() {
    server_.use_certificate(certificate_of(first_));
    server_.add_handler("/large", [](const HttpRequest& request) {
      return plain_text(200, std::string(std::stoul(std::string(request.parameter("size"))), 'x'));
    });
  }
  void serve(int fd) { server_.serve(fd); }
  static void ask(TlsClient& client, const std::string& path, const std::string& more = "") {
    client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n" + more + "\r\n");
  }
};

TEST_F(UnreadTlsTest, AnAnswerThatNobodyReadsHoldsUpNobody) {
  for (int size = 100'000; size < 300'000; size += 4'000) {
    TlsClient client([this](int fd) { serve(fd); });
    const Rescue rescue(client);
    ask(client, "/large?size=" + std::to_string(size), "Connection: close\r\n");
    ASSERT_LT(seconds_of([] { turn_for(20); }), 1) << size;
  }
}

TEST_F(UnreadTlsTest, TheEndWaitsForNobodyWhoDoesNotRead) {
  TlsClient client([this](int fd) { serve(fd); });
  const Rescue rescue(client);
  ask(client, "/large?size=10000000");
  turn_for(200);
  EXPECT_LT(seconds_of([this] { server_.stop_listening(); }), 1);
}

TEST_F(UnreadTlsTest, AWebSocketThatNobodyReadsHoldsUpNobody) {
  auto server = std::make_unique<HttpServer>(HttpLimits{});
  server->use_certificate(certificate_of(first_));
  server->add_web_socket(
      "/flood",
      [this](const HttpRequest&,
             WebSocket& socket) -> Result<std::unique_ptr<WebSocketListener>, HttpResponse> {
        socket.send_binary(payload(std::string(1 << 20, 'x')));
        return std::unique_ptr<WebSocketListener>(std::make_unique<Echo>(socket, alive_));
      });
  TlsClient client([&](int fd) { server->serve(fd); });
  const Rescue rescue(client);
  ask(client, "/flood",
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  turn_for(200);
  EXPECT_EQ(alive_, 1);
  EXPECT_LT(seconds_of([&] { server.reset(); }), 1);
  EXPECT_EQ(alive_, 0);
}

}  // namespace
}  // namespace gstlk::net
