// SPDX-License-Identifier: LGPL-2.1-or-later
#include <glib-unix.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>

#include "http_server_fixture.h"

// Connections that somebody else has accepted.
namespace gstlk::net {
namespace {

// Listens on a port of loopback.
class Gate {
 public:
  Gate() {
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 8);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    address_ = address;
  }
  ~Gate() {
    if (source_ != 0) g_source_remove(source_);
    for (const int fd : clients_) close(fd);
    close(listener_);
  }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  uint16_t port() const { return ntohs(address_.sin_port); }
  // Both ends of a new connection.
  std::pair<int, int> connect_one() {
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    connect(client, reinterpret_cast<const sockaddr*>(&address_), sizeof(address_));
    clients_.push_back(client);
    return {client, accept(listener_, nullptr, nullptr)};
  }
  // Every connection from now on goes there, in the main loop.
  void lead_to(std::function<void(int fd)> to) {
    to_ = std::move(to);
    source_ = g_unix_fd_add(
        listener_, G_IO_IN,
        [](int fd, GIOCondition, gpointer self) -> gboolean {
          static_cast<Gate*>(self)->to_(accept(fd, nullptr, nullptr));
          return G_SOURCE_CONTINUE;
        },
        this);
  }

 private:
  int listener_;
  sockaddr_in address_;
  std::function<void(int fd)> to_;
  guint source_ = 0;
  std::vector<int> clients_;
};

class BriefGuestTest : public HttpServerTest {
 protected:
  int connect_and_serve() {
    const auto [client, accepted] = gate_.connect_one();
    server_.serve_briefly(accepted);
    return client;
  }
  // What has come; "closed" when that is the end.
  static std::string read(int client) {
    char data[512];
    const ssize_t count = recv(client, data, sizeof(data), MSG_DONTWAIT);
    return count == 0 ? "closed" : std::string(data, count < 0 ? 0 : static_cast<size_t>(count));
  }

  Gate gate_;
};

TEST_F(BriefGuestTest, AConnectionFromElsewhereIsAnswered) {
  const int client = connect_and_serve();
  const std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  ASSERT_EQ(::send(client, request.data(), request.size(), 0), ssize_t(request.size()));
  std::string answer;
  ASSERT_TRUE(run_until([&] { return (answer += read(client)).ends_with("OK"); }));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK"));
}

TEST_F(BriefGuestTest, TooManyConnectionsFromElsewhereAreClosed) {
  std::vector<int> clients;
  for (int i = 0; i < 64; i++) clients.push_back(connect_and_serve());
  EXPECT_EQ(read(connect_and_serve()), "closed");
  EXPECT_EQ(read(clients.front()), "");
}

TEST_F(HttpServerTest, AGuestIsServedAsOneOfItsOwn) {
  Gate gate;
  gate.lead_to([this](int fd) { server_.serve(fd); });
  port_ = gate.port();
  EXPECT_EQ(request("POST", "/echo?q=1", "hello").body, "POST hello 1");
  ASSERT_EQ(open_socket("/ws"), 101u);
  soup_websocket_connection_send_text(socket_.get(), "hi");
  ASSERT_TRUE(run_until([&] { return received_.size() == 2; }));
  EXPECT_EQ(received_[1], "text:hi");
  soup_websocket_connection_send_text(socket_.get(), "bye");
  EXPECT_TRUE(run_until([&] { return close_code_ == 1000 && alive_ == 0; }));
}

TEST_F(HttpServerTest, AGuestThatComesAfterTheEndIsClosed) {
  Gate gate;
  const auto [client, accepted] = gate.connect_one();
  server_.stop_listening();
  server_.serve(accepted);
  char byte;
  EXPECT_EQ(recv(client, &byte, 1, 0), 0);
}

TEST_F(HttpsServerTest, AGuestIsServedOverTls) {
  Gate gate;
  gate.lead_to([this](int fd) { secure_.serve(fd); });
  port_ = gate.port();
  EXPECT_EQ(shown(), first_.certificate);
  ASSERT_EQ(open_socket("/ws"), 101u);
  const std::string big(3'000'000, 'x');
  soup_websocket_connection_send_binary(socket_.get(), big.data(), big.size());
  ASSERT_TRUE(run_until([&] { return received_.size() == 2; }));
  EXPECT_TRUE(received_[1] == big);
  soup_websocket_connection_send_text(socket_.get(), "bye");
  EXPECT_TRUE(run_until([&] { return close_code_ == 1000 && alive_ == 0; }));
}

}  // namespace
}  // namespace gstlk::net
