// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gtest/gtest.h>
#include <libsoup/soup.h>

#include "base/ref.h"
#include "base/time.h"
#include "certificates.h"
#include "net/http_server.h"
#include "run_until.h"

// A server with handlers of every kind, and a client of libsoup's; with a certificate too.
namespace gstlk::net {

using Payload = std::shared_ptr<const std::string>;

inline Payload payload(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
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
    const auto cancellable = Ref<GCancellable>::adopt(g_cancellable_new());
    soup_session_send_and_read_async(
        session_.get(), message, G_PRIORITY_DEFAULT, cancellable.get(),
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
    // It ends here, whatever comes: `context` does.
    g_cancellable_cancel(cancellable.get());
    while (!done) g_main_context_iteration(nullptr, TRUE);
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

inline Ref<GTlsCertificate> certificate_of(const PemPair& pair) {
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

}  // namespace gstlk::net
