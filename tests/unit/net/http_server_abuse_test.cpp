// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_server_fixture.h"
#include "support/no_descriptors.h"

// Clients that want to use up what there is.
namespace gstlk::net {
namespace {

class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    address.sin_port = htons(port);
    connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }
  ~RawClient() { close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // As much of it as the socket takes.
  size_t send(std::string_view text) {
    const ssize_t count = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    return count < 0 ? 0 : static_cast<size_t>(count);
  }
  // What has come so far.
  const std::string& read() {
    char data[4096];
    ssize_t count = 0;
    while ((count = recv(fd_, data, sizeof(data), 0)) > 0)
      text_.append(data, static_cast<size_t>(count));
    closed_ = closed_ || count == 0;
    return text_;
  }
  bool closed() {
    read();
    return closed_;
  }

 private:
  const int fd_;
  std::string text_;
  bool closed_ = false;
};

// What lies between the sockets of this process, whichever end has it.
int on_the_way() {
  int sum = 0;
  for (int fd = 3; fd < 256; fd++) {
    int protocol = 0;
    socklen_t size = sizeof(protocol);
    getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size);
    int unread = 0;
    int unsent = 0;
    // One that listens has neither.
    if (protocol == IPPROTO_TCP && ioctl(fd, FIONREAD, &unread) == 0 &&
        ioctl(fd, SIOCOUTQ, &unsent) == 0)
      sum += unread + unsent;
  }
  return sum;
}

void turn_for(gint64 milliseconds) {
  const gint64 end = g_get_monotonic_time() + 1000 * milliseconds;
  run_until([&] { return g_get_monotonic_time() >= end; });
}

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

TEST(HttpServerBodies, ManyLargeBodiesAreNotKeptAllTogether) {
  HttpServer server{HttpLimits{}};
  server.add_handler("/size", [](const HttpRequest& request) {
    return plain_text(200, std::to_string(request.body.size()));
  });
  ASSERT_TRUE(server.listen({"127.0.0.1"}, 0));
  constexpr size_t kSize = 9'000'000;
  const std::string body(kSize, 'x');
  const std::string head =
      "POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n";
  std::vector<std::unique_ptr<RawClient>> clients;
  // Each sends all but the last byte.
  for (int i = 0; i < 9; i++) {
    RawClient& client = *clients.emplace_back(std::make_unique<RawClient>(server.port()));
    turn_for(10);
    ASSERT_EQ(client.send(head), head.size());
    size_t sent = 0;
    ASSERT_TRUE(run_until([&] {
      sent += client.send(std::string_view(body).substr(sent, kSize - 1 - sent));
      return sent == kSize - 1;
    }));
    ASSERT_TRUE(run_until([] { return on_the_way() == 0; }));
  }
  const auto status_of = [](RawClient& client) {
    client.send("x");
    run_until([&] { return client.read().find("\r\n\r\n") != std::string::npos; });
    return client.read().substr(9, 3);
  };
  int kept = 0;
  for (const auto& client : clients) {
    const std::string status = status_of(*client);
    if (status == "200")
      kept++;
    else
      EXPECT_EQ(status, "503");
  }
  EXPECT_EQ(kept, 7);
  // There is room again.
  clients.clear();
  RawClient again(server.port());
  turn_for(10);
  ASSERT_EQ(again.send(head), head.size());
  size_t sent = 0;
  ASSERT_TRUE(run_until([&] {
    sent += again.send(std::string_view(body).substr(sent, kSize - 1 - sent));
    return sent == kSize - 1;
  }));
  EXPECT_EQ(status_of(again), "200");
}

}  // namespace
}  // namespace gstlk::net
