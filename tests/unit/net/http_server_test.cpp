// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/http_server.h"

#include <gtest/gtest.h>
#include <libsoup/soup.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ref.h"
#include "base/time.h"
#include "certificates.h"

namespace gstlk::net {
namespace {

using Payload = std::shared_ptr<const std::string>;

Payload payload(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

// Turns the main loop until `done`; nothing here waits longer than a few milliseconds.
template <class Condition>
bool run_until(Condition done) {
  const gint64 deadline = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
  const guint wake = g_timeout_add(
      20, [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }, nullptr);
  while (!done() && g_get_monotonic_time() < deadline) g_main_context_iteration(nullptr, TRUE);
  g_source_remove(wake);
  return done();
}

struct Reply {
  unsigned status = 0;
  std::string body;
  std::string content_type;
  std::string allow_origin;
};

// Sends back what it gets.
class Echo : public WebSocketListener {
 public:
  Echo(WebSocket& socket, int& alive) : socket_(socket), alive_(alive) { alive_++; }
  ~Echo() override { alive_--; }
  void on_text(std::string_view message) override {
    if (message == "bye") {
      socket_.send_text(payload("last words"));
      socket_.close(1000);
    } else {
      socket_.send_text(payload("text:" + std::string(message)));
    }
  }
  void on_binary(std::string_view message) override {
    socket_.send_binary(payload(std::string(message)));
  }

 private:
  WebSocket& socket_;
  int& alive_;
};

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() : server_(HttpLimits{.max_body_size = 1000, .max_message_size = 5000}) {
    server_.add_handler("/", [](const HttpRequest&) { return plain_text(200, "OK"); });
    server_.add_handler("/echo", [](const HttpRequest& request) {
      return plain_text(
          200, request.method + " " + request.body + " " + std::string(request.parameter("q")));
    });
    server_.add_async_handler("/later", [this](const HttpRequest& request, HttpReply reply) {
      if (request.parameter("drop").empty()) waiting_.push_back(std::move(reply));
    });
    server_.add_handler("/any/*", [](const HttpRequest& r) { return plain_text(200, r.path); });
    server_.add_web_socket(
        "/ws",
        [this](const HttpRequest& request,
               WebSocket& socket) -> Result<std::unique_ptr<WebSocketListener>, HttpResponse> {
          if (request.parameter("fail") == "1") return Unexpected{plain_text(401, "no entry")};
          socket.send_text(payload("first"));
          return std::unique_ptr<WebSocketListener>(std::make_unique<Echo>(socket, alive_));
        });
    const auto echo =
        [this](const HttpRequest&,
               WebSocket& socket) -> Result<std::unique_ptr<WebSocketListener>, HttpResponse> {
      return std::unique_ptr<WebSocketListener>(std::make_unique<Echo>(socket, alive_));
    };
    server_.add_web_socket("/small", echo, 100);
    server_.add_web_socket("/unlimited", echo, 0);
    server_.add_web_socket(
        "/flood",
        [this](const HttpRequest&,
               WebSocket& socket) -> Result<std::unique_ptr<WebSocketListener>, HttpResponse> {
          for (int i = 0; i < 100; i++) socket.send_binary(payload(std::string(1 << 20, 'x')));
          return std::unique_ptr<WebSocketListener>(std::make_unique<Echo>(socket, alive_));
        });
    soup_session_add_feature_by_type(session_.get(), SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
    const Result<void> listening = server_.listen({"127.0.0.1"}, 0);
    EXPECT_TRUE(listening);
  }

  ~HttpServerTest() override {
    if (socket_) g_signal_handlers_disconnect_by_data(socket_.get(), this);
  }

  std::string url(const std::string& path) {
    return scheme_ + "://127.0.0.1:" + std::to_string(port_ ? port_ : server_.port()) + path;
  }

  Reply send(SoupMessage* message) {
    bool done = false;
    Reply reply;
    struct Context {
      bool& done;
      Reply& reply;
    } context{done, reply};
    soup_session_send_and_read_async(
        session_.get(), message, G_PRIORITY_DEFAULT, nullptr,
        [](GObject* source, GAsyncResult* result, gpointer data) {
          auto* c = static_cast<Context*>(data);
          auto bytes = Ref<GBytes>::adopt(
              soup_session_send_and_read_finish(SOUP_SESSION(source), result, nullptr));
          if (bytes) {
            gsize size = 0;
            const void* body = g_bytes_get_data(bytes.get(), &size);
            if (size > 0) c->reply.body.assign(static_cast<const char*>(body), size);
          }
          c->done = true;
        },
        &context);
    EXPECT_TRUE(run_until([&] { return done; }));
    reply.status = soup_message_get_status(message);
    SoupMessageHeaders* headers = soup_message_get_response_headers(message);
    if (const char* type = soup_message_headers_get_one(headers, "Content-Type")) {
      reply.content_type = type;
    }
    if (const char* o = soup_message_headers_get_one(headers, "Access-Control-Allow-Origin")) {
      reply.allow_origin = o;
    }
    return reply;
  }

  Reply request(const char* method, const std::string& path, const std::string& body = "",
                const char* origin = nullptr) {
    auto message = Ref<SoupMessage>::adopt(soup_message_new(method, url(path).c_str()));
    if (!body.empty()) {
      auto bytes = Ref<GBytes>::adopt(g_bytes_new(body.data(), body.size()));
      soup_message_set_request_body_from_bytes(message.get(), "text/plain", bytes.get());
    }
    if (origin) {
      soup_message_headers_replace(soup_message_get_request_headers(message.get()), "Origin",
                                   origin);
    }
    return send(message.get());
  }

  // The status of a failed handshake, or 101 and `socket_`.
  unsigned open_socket(const std::string& path) {
    auto message = Ref<SoupMessage>::adopt(soup_message_new("GET", url(path).c_str()));
    // Signed by itself.
    g_signal_connect(message.get(), "accept-certificate",
                     G_CALLBACK(+[]() -> gboolean { return TRUE; }), nullptr);
    bool done = false;
    struct Context {
      HttpServerTest* test;
      bool& done;
    } context{this, done};
    soup_session_websocket_connect_async(
        session_.get(), message.get(), nullptr, nullptr, G_PRIORITY_DEFAULT, nullptr,
        [](GObject* source, GAsyncResult* result, gpointer data) {
          auto* c = static_cast<Context*>(data);
          c->test->socket_ = Ref<SoupWebsocketConnection>::adopt(
              soup_session_websocket_connect_finish(SOUP_SESSION(source), result, nullptr));
          if (c->test->socket_) {
            soup_websocket_connection_set_max_incoming_payload_size(c->test->socket_.get(),
                                                                    1 << 24);
            c->test->listen_to_socket();
          }
          c->done = true;
        },
        &context);
    EXPECT_TRUE(run_until([&] { return done; }));
    return soup_message_get_status(message.get());
  }

  void listen_to_socket() {
    g_signal_connect(socket_.get(), "message",
                     G_CALLBACK(+[](SoupWebsocketConnection*, gint, GBytes* bytes, gpointer self) {
                       gsize size = 0;
                       const void* data = g_bytes_get_data(bytes, &size);
                       static_cast<HttpServerTest*>(self)->received_.emplace_back(
                           static_cast<const char*>(data), size);
                     }),
                     this);
    g_signal_connect(socket_.get(), "closed",
                     G_CALLBACK(+[](SoupWebsocketConnection* socket, gpointer self) {
                       static_cast<HttpServerTest*>(self)->close_code_ =
                           soup_websocket_connection_get_close_code(socket);
                     }),
                     this);
  }

  int alive_ = 0;
  std::vector<HttpReply> waiting_;
  std::string scheme_ = "http";
  uint16_t port_ = 0;  // of another server than server_
  HttpServer server_;
  Ref<SoupSession> session_ = Ref<SoupSession>::adopt(soup_session_new());
  Ref<SoupWebsocketConnection> socket_;
  std::vector<std::string> received_;
  int close_code_ = 0;
};

// Connects to a socket that listens, and gives the server its other end.
class AdoptTest : public HttpServerTest {
 protected:
  AdoptTest() {
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 1);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    address_ = address;
  }
  ~AdoptTest() override {
    for (const int fd : clients_) close(fd);
    close(listener_);
  }

  int connect_and_adopt() {
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    connect(client, reinterpret_cast<sockaddr*>(&address_), sizeof(address_));
    server_.adopt(accept(listener_, nullptr, nullptr));
    clients_.push_back(client);
    return client;
  }
  // What has come; "closed" when that is the end.
  static std::string read(int client) {
    char data[512];
    const ssize_t count = recv(client, data, sizeof(data), MSG_DONTWAIT);
    return count == 0 ? "closed" : std::string(data, count < 0 ? 0 : static_cast<size_t>(count));
  }

 private:
  int listener_;
  sockaddr_in address_;
  std::vector<int> clients_;
};

TEST_F(AdoptTest, AConnectionFromElsewhereIsAnswered) {
  const int client = connect_and_adopt();
  const std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  ASSERT_EQ(::send(client, request.data(), request.size(), 0), ssize_t(request.size()));
  std::string answer;
  ASSERT_TRUE(run_until([&] { return (answer += read(client)).ends_with("OK"); }));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK"));
}

TEST_F(AdoptTest, TooManyConnectionsFromElsewhereAreClosed) {
  std::vector<int> clients;
  for (int i = 0; i < 64; i++) clients.push_back(connect_and_adopt());
  EXPECT_EQ(read(connect_and_adopt()), "closed");
  EXPECT_EQ(read(clients.front()), "");
}

TEST_F(HttpServerTest, AnswersByPath) {
  EXPECT_EQ(request("GET", "/").body, "OK");
  EXPECT_EQ(request("POST", "/echo?q=a%20b", "hello").body, "POST hello a b");
  EXPECT_EQ(request("GET", "/any/thing").body, "/any/thing");
  EXPECT_EQ(request("GET", "/nothing").status, 404u);
}

TEST_F(HttpServerTest, AnAnswerMayComeLater) {
  g_idle_add(
      [](gpointer data) -> gboolean {
        auto& waiting = *static_cast<std::vector<HttpReply>*>(data);
        if (waiting.empty()) return G_SOURCE_CONTINUE;
        waiting.front()(plain_text(200, "at last"));
        waiting.front()(plain_text(500, "twice"));
        waiting.clear();
        return G_SOURCE_REMOVE;
      },
      &waiting_);
  const Reply reply = request("GET", "/later");
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.body, "at last");
}

TEST_F(HttpServerTest, WhatNobodyAnswersIsUnavailable) {
  EXPECT_EQ(request("GET", "/later?drop=1").status, 503u);
}

TEST_F(HttpServerTest, ADoubleSlashInFrontIsOne) {
  EXPECT_EQ(request("GET", "//echo").body, "GET  ");
}

TEST_F(HttpServerTest, HeadHasNoBodyAndIsReadableFromAnyPage) {
  const Reply reply = request("HEAD", "/", "", "https://example.org");
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(reply.allow_origin, "https://example.org");
}

TEST_F(HttpServerTest, ARequestLineOf60KilobytesIsRead) {
  const std::string value(60'000, 'x');
  const Reply reply = request("GET", "/echo?q=" + value);
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.body.size(), value.size() + 5);
}

TEST_F(HttpServerTest, ABodyOverTheLimitIsRefused) {
  const Reply reply = request("POST", "/echo", std::string(1001, 'x'), "https://example.org");
  EXPECT_EQ(reply.status, 413u);
  EXPECT_EQ(reply.body, "request body too large");
  EXPECT_EQ(reply.allow_origin, "https://example.org");
  EXPECT_EQ(request("POST", "/echo", std::string(1000, 'x')).status, 200u);
}

TEST_F(HttpServerTest, ABodyOfUnknownLengthOverTheLimitIsRefused) {
  auto message = Ref<SoupMessage>::adopt(soup_message_new("POST", url("/echo").c_str()));
  const std::string body(3000, 'x');
  auto stream = Ref<GInputStream>::adopt(
      g_memory_input_stream_new_from_data(body.data(), static_cast<gssize>(body.size()), nullptr));
  soup_message_set_request_body(message.get(), "text/plain", stream.get(), -1);
  EXPECT_EQ(send(message.get()).status, 413u);
}

TEST_F(HttpServerTest, APreflightIsAnsweredForEveryPath) {
  auto message = Ref<SoupMessage>::adopt(soup_message_new("OPTIONS", url("/echo").c_str()));
  SoupMessageHeaders* headers = soup_message_get_request_headers(message.get());
  soup_message_headers_replace(headers, "Origin", "https://example.org");
  soup_message_headers_replace(headers, "Access-Control-Request-Method", "POST");
  const Reply reply = send(message.get());
  EXPECT_EQ(reply.status, 204u);
  EXPECT_EQ(reply.allow_origin, "https://example.org");
}

TEST_F(HttpServerTest, AWebSocketReadsTheFirstMessageAndTalks) {
  ASSERT_EQ(open_socket("/ws"), 101u);
  ASSERT_TRUE(run_until([&] { return received_.size() == 1; }));
  EXPECT_EQ(received_[0], "first");
  soup_websocket_connection_send_text(socket_.get(), "hi");
  soup_websocket_connection_send_binary(socket_.get(), "\0\1\2", 3);
  ASSERT_TRUE(run_until([&] { return received_.size() == 3; }));
  EXPECT_EQ(received_[1], "text:hi");
  EXPECT_EQ(received_[2], std::string("\0\1\2", 3));
}

TEST_F(HttpServerTest, DeflateIsAgreedOn) {
  ASSERT_EQ(open_socket("/ws"), 101u);
  EXPECT_NE(soup_websocket_connection_get_extensions(socket_.get()), nullptr);
}

TEST_F(HttpServerTest, ARefusalIsAPlainHttpError) {
  EXPECT_EQ(open_socket("/ws?fail=1"), 401u);
  EXPECT_FALSE(socket_);
  EXPECT_EQ(alive_, 0);
}

TEST_F(HttpServerTest, APlainGetOfASocketIsNotFound) {
  EXPECT_EQ(request("GET", "/ws").status, 404u);
}

TEST_F(HttpServerTest, AClosingServerFlushesAndSaysWhy) {
  ASSERT_EQ(open_socket("/ws"), 101u);
  soup_websocket_connection_send_text(socket_.get(), "bye");
  ASSERT_TRUE(run_until([&] { return close_code_ != 0; }));
  EXPECT_EQ(close_code_, 1000);
  EXPECT_EQ(received_.back(), "last words");
  EXPECT_TRUE(run_until([&] { return alive_ == 0; }));
}

TEST_F(HttpServerTest, TheListenerGoesWithTheClient) {
  ASSERT_EQ(open_socket("/ws"), 101u);
  EXPECT_EQ(alive_, 1);
  soup_websocket_connection_close(socket_.get(), 1000, nullptr);
  EXPECT_TRUE(run_until([&] { return alive_ == 0; }));
}

TEST_F(HttpServerTest, AMessageOverTheLimitClosesTheSocket) {
  ASSERT_EQ(open_socket("/ws"), 101u);
  // Compresses well, so that it is small on the wire.
  const std::string big(50'000, 'x');
  soup_websocket_connection_send_text(socket_.get(), big.c_str());
  ASSERT_TRUE(run_until([&] { return close_code_ != 0; }));
  EXPECT_EQ(close_code_, 1008);
}

TEST_F(HttpServerTest, ASocketMayHaveALimitOfItsOwnOrNone) {
  ASSERT_EQ(open_socket("/small"), 101u);
  soup_websocket_connection_send_text(socket_.get(), std::string(101, 'x').c_str());
  ASSERT_TRUE(run_until([&] { return close_code_ != 0; }));
  EXPECT_EQ(close_code_, 1008);
}

TEST_F(HttpServerTest, ALimitOfZeroIsNone) {
  ASSERT_EQ(open_socket("/unlimited"), 101u);
  const std::string big(50'000, 'x');
  soup_websocket_connection_send_text(socket_.get(), big.c_str());
  ASSERT_TRUE(run_until([&] { return !received_.empty() || close_code_ != 0; }));
  EXPECT_EQ(close_code_, 0);
  EXPECT_TRUE(received_[0].ends_with(big));
}

TEST_F(HttpServerTest, AReaderThatIsFarBehindIsClosed) {
  ASSERT_EQ(open_socket("/flood"), 101u);
  ASSERT_TRUE(run_until([&] { return close_code_ != 0; }));
  EXPECT_EQ(close_code_, 1008);
  EXPECT_LE(received_.size(), 8u);
}

TEST_F(HttpServerTest, ATakenPortIsAnErrorThatNamesIt) {
  HttpServer other{HttpLimits{}};
  const Result<void> result = other.listen({"127.0.0.1"}, server_.port());
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find(std::to_string(server_.port())), std::string::npos);
}

Ref<GTlsCertificate> certificate_of(const PemPair& pair) {
  const std::string pem = pair.certificate + pair.key;
  return Ref<GTlsCertificate>::adopt(
      g_tls_certificate_new_from_pem(pem.data(), static_cast<gssize>(pem.size()), nullptr));
}

class HttpsServerTest : public HttpServerTest {
 protected:
  HttpsServerTest() : secure_(HttpLimits{.max_message_size = 4 << 20}) {
    secure_.use_certificate(certificate_of(first_));
    secure_.add_handler("/", [](const HttpRequest&) { return plain_text(200, "OK"); });
    secure_.add_web_socket(
        "/ws",
        [this](const HttpRequest&,
               WebSocket& socket) -> Result<std::unique_ptr<WebSocketListener>, HttpResponse> {
          socket.send_text(payload("first"));
          return std::unique_ptr<WebSocketListener>(std::make_unique<Echo>(socket, alive_));
        });
    EXPECT_TRUE(secure_.listen({"127.0.0.1"}, 0));
    scheme_ = "https";
    port_ = secure_.port();
  }

  // What a new connection is shown.
  std::string shown() {
    session_ = Ref<SoupSession>::adopt(soup_session_new());
    auto message = Ref<SoupMessage>::adopt(soup_message_new("GET", url("/").c_str()));
    std::string pem;
    g_signal_connect(message.get(), "accept-certificate",
                     G_CALLBACK(+[](SoupMessage*, GTlsCertificate* certificate,
                                    GTlsCertificateFlags, gpointer data) -> gboolean {
                       char* text = nullptr;
                       g_object_get(certificate, "certificate-pem", &text, nullptr);
                       *static_cast<std::string*>(data) = text;
                       g_free(text);
                       return TRUE;
                     }),
                     &pem);
    EXPECT_EQ(send(message.get()).body, "OK");
    return pem;
  }

  const PemPair first_ = make_certificate(1);
  const PemPair second_ = make_certificate(2);
  HttpServer secure_;
};

TEST_F(HttpsServerTest, ANewCertificateIsForNewConnections) {
  EXPECT_EQ(shown(), first_.certificate);
  secure_.use_certificate(certificate_of(second_));
  EXPECT_EQ(shown(), second_.certificate);
}

TEST_F(HttpsServerTest, AWebSocketTalksOverTlsWhileTheCertificateChanges) {
  ASSERT_EQ(open_socket("/ws"), 101u);
  secure_.use_certificate(certificate_of(second_));
  ASSERT_TRUE(run_until([&] { return received_.size() == 1; }));
  std::string big;
  for (int i = 0; big.size() < 3'000'000; i++) big += std::to_string(i * 2654435761u) + " ";
  soup_websocket_connection_send_binary(socket_.get(), big.data(), big.size());
  soup_websocket_connection_send_binary(socket_.get(), big.data(), big.size());
  ASSERT_TRUE(run_until([&] { return received_.size() == 3; }));
  EXPECT_TRUE(received_[1] == big && received_[2] == big);
  soup_websocket_connection_send_text(socket_.get(), "bye");
  ASSERT_TRUE(run_until([&] { return close_code_ != 0; }));
  EXPECT_EQ(close_code_, 1000);
  EXPECT_TRUE(run_until([&] { return alive_ == 0; }));
}

TEST_F(HttpsServerTest, PlainHttpOnATlsPortGetsNoAnswer) {
  scheme_ = "http";
  EXPECT_NE(request("GET", "/").status, 200u);
  scheme_ = "https";
  EXPECT_EQ(shown(), first_.certificate);
}

TEST_F(HttpServerTest, WhatIsNoAddressIsNamed) {
  HttpServer other{HttpLimits{}};
  const Result<void> result = other.listen({"localhostess"}, 0);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "\"localhostess\" is not an IP address");
}

}  // namespace
}  // namespace gstlk::net
