// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <list>
#include <map>
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

size_t open_descriptors() {
  const auto folder = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(folder), end(folder)));
}

class LeavingTest : public HttpsServerTest {
 protected:
  // Asks as somebody new, and leaves.
  void visit() {
    session_ = Ref<SoupSession>::adopt(soup_session_new());
    auto message = Ref<SoupMessage>::adopt(soup_message_new("GET", url("/").c_str()));
    g_signal_connect(message.get(), "accept-certificate",
                     G_CALLBACK(+[]() -> gboolean { return TRUE; }), nullptr);
    EXPECT_EQ(send(message.get()).body, "OK");
  }
  void expect_descriptors_come_back() {
    visit();
    session_.reset();
    turn_for(100);
    const size_t before = open_descriptors();
    for (int i = 0; i < 20; i++) visit();
    session_.reset();
    EXPECT_TRUE(run_until([&] { return open_descriptors() <= before; })) << open_descriptors();
  }
};

TEST_F(LeavingTest, WhoLeavesAfterAnAnswerIsClosed) {
  scheme_ = "http";
  port_ = server_.port();
  expect_descriptors_come_back();
}

TEST_F(LeavingTest, WhoLeavesAfterAnAnswerOverTlsIsClosed) { expect_descriptors_come_back(); }

TEST_F(LeavingTest, AConnectionIsKeptForTheNextRequest) {
  RawClient client(server_.port());
  const std::string_view ask = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  size_t answers = 0;
  for (const int together : {1, 1, 3}) {
    for (int i = 0; i < together; i++) client.send(ask);
    answers += static_cast<size_t>(together);
    EXPECT_TRUE(run_until([&] {
      size_t count = 0;
      const std::string& text = client.read();
      for (size_t at = 0; (at = text.find("200 OK", at)) != std::string::npos; at++) count++;
      return count == answers;
    }));
    turn_for(20);
  }
  EXPECT_FALSE(client.closed());
  client.end();
  EXPECT_TRUE(run_until([&] { return client.closed(); }));
  EXPECT_TRUE(client.read().ends_with("OK"));
}

// All of it, which takes turns of the main loop.
void send_all(RawClient& client, std::string_view text) {
  EXPECT_TRUE(run_until([&] {
    text.remove_prefix(client.send(text));
    return text.empty();
  }));
}

size_t resident_bytes() {
  size_t total = 0;
  size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

class LargeBodiesTest : public testing::TestWithParam<bool> {
 protected:
  static constexpr size_t kSize = 15 << 20;

  LargeBodiesTest() {
    server_.add_handler("/size", [](const HttpRequest& request) {
      return plain_text(200, std::to_string(request.body.size()));
    });
    EXPECT_TRUE(server_.listen({"127.0.0.1"}, 0));
  }

  // All but its end.
  void begin(RawClient& client, size_t size) {
    const bool has_length = GetParam();
    const std::string how = has_length ? "Content-Length: " + std::to_string(size)
                                       : std::string("Transfer-Encoding: chunked");
    send_all(client, "POST /size HTTP/1.1\r\nHost: a\r\n" + how + "\r\n\r\n");
    for (size_t sent = 0; sent + kPart < size; sent += kPart) {
      if (!has_length) send_all(client, "100000\r\n");
      send_all(client, part_);
      if (!has_length) send_all(client, "\r\n");
    }
  }
  std::string end(RawClient& client) {
    if (GetParam()) {
      send_all(client, part_);
    } else {
      send_all(client, "100000\r\n" + part_ + "\r\n0\r\n\r\n");
    }
    std::string answer;
    EXPECT_TRUE(run_until([&] {
      answer = client.read();
      return answer.find("\r\n\r\n") != std::string::npos;
    }));
    return answer.substr(9, 3);
  }

  static constexpr size_t kPart = 1 << 20;
  const std::string part_ = std::string(kPart, 'x');
  HttpServer server_{HttpLimits{.max_body_size = 20 << 20}};
};

TEST_P(LargeBodiesTest, TakeSixtyFourMegabytesTogetherAtMost) {
  [[maybe_unused]] const size_t before = resident_bytes();
  std::list<RawClient> clients;
  for (int i = 0; i < 12; i++) begin(clients.emplace_back(server_.port()), kSize);
  turn_for(100);
#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)  // they have memory of their own
  EXPECT_LT(resident_bytes(), before + (size_t{90} << 20));
#endif
  std::map<std::string, int> statuses;
  for (RawClient& client : clients) statuses[end(client)]++;
  EXPECT_EQ(statuses, (std::map<std::string, int>{{"200", 4}, {"503", 8}}));
  clients.clear();
  turn_for(100);
  RawClient next(server_.port());
  begin(next, kSize);
  EXPECT_EQ(end(next), "200");
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutContentLength, LargeBodiesTest, testing::Bool());

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
