// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gio/gio.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ref.h"
#include "base/result.h"
#include "net/http.h"
#include "net/web_socket.h"

namespace gstlk::net {

// Looks at a request before all others do: what it answers is the answer, as it is.
using HttpFilter = std::function<std::optional<HttpResponse>(const HttpRequest& request)>;
using HttpHandler = std::function<HttpResponse(const HttpRequest& request)>;

// Takes the answer once, now or later; without effect when the client or the server is gone.
using HttpReply = std::function<void(HttpResponse response)>;
using AsyncHttpHandler = std::function<void(const HttpRequest& request, HttpReply reply)>;

// Looks at a request before the handshake is answered: the listener, or the plain HTTP error that
// is answered instead. What it sends through `socket` is what the client reads first.
using WebSocketHandler = std::function<Result<std::unique_ptr<WebSocketListener>, HttpResponse>(
    const HttpRequest& request, WebSocket& socket)>;

struct HttpLimits {
  // 0 is none.
  size_t max_body_size = 10 * 1024 * 1024;
  size_t max_message_size = 2 * 1024 * 1024;  // of a WebSocket message; 0: any
};

// HTTP/1.1 and WebSockets, with a certificate over TLS, on any number of addresses, over libsoup;
// runs in the default main context. Every answer passes CORS (any origin), and a request body over
// the limit is answered with 413 before it is read. WebSockets are pinged every ten seconds. Main
// thread only.
//
// Left out: HTTP/2, which has nothing to offer to a signal connection.
class HttpServer {
 public:
  explicit HttpServer(HttpLimits limits);
  ~HttpServer();  // closes every connection
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  void set_filter(HttpFilter filter);
  // Exactly this path, or with a trailing '*' every path that begins so ("*" is all); the longest
  // wins.
  void add_handler(std::string path, HttpHandler handler);
  void add_async_handler(std::string path, AsyncHttpHandler handler);
  // A request to `path` that is no WebSocket handshake goes to the handlers above. Its messages may
  // have another limit than those of the rest; 0 is none.
  void add_web_socket(std::string path, WebSocketHandler handler,
                      std::optional<size_t> max_message_size = std::nullopt);

  // What is listened on from now on speaks TLS and nothing else; called again, connections from now
  // on get another certificate, and those that are open stay.
  void use_certificate(Ref<GTlsCertificate> certificate);

  // Listens on each address; none means all of this machine. Port 0 takes a free one. Fails when an
  // address is taken, or when none of them exists here; one that does not exist is a warning.
  Result<void> listen(const std::vector<std::string>& addresses, uint16_t port);
  uint16_t port() const;  // that it really listens on
  // Serves a connection that was accepted elsewhere as one of its own, over TLS where there is a
  // certificate; takes `fd`.
  void serve(int fd);
  // As serve(), in the clear, and not for long: it is closed after ten seconds, and at once when 64
  // others are open.
  void serve_briefly(int fd);

  // Takes no more connections; WebSockets stay.
  void stop_listening();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gstlk::net
