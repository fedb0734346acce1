// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/http_server.h"

#include <libsoup/soup.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <list>

#include "base/ref.h"
#include "net/http_connections.h"
#include "net/http_stream.h"
#include "net/listeners.h"
#include "net/permessage_deflate.h"
#include "net/request_body.h"
#include "net/tls_gate.h"
#include "net/web_socket_connection.h"

namespace gstlk::net {
namespace {

using Stage = HttpConnections::Stage;

constexpr size_t kMaxBrief = 64;

constexpr char kSocketKey[] = "gstlk-web-socket";
constexpr char kExtensions[] = "Sec-WebSocket-Extensions";
constexpr char kSocketUnderKey[] = "gstlk-socket";
constexpr char kStreamKey[] = "gstlk-stream";

Ref<GSocket> own_socket(int fd) {
  GError* error = nullptr;
  GSocket* socket = g_socket_new_from_fd(fd, &error);
  if (socket) return Ref<GSocket>::adopt(socket);
  close(fd);
  g_error_free(error);
  return {};
}

// The client's address stands for the connection: libsoup knows no socket of a stream, and keeps
// the address as long as there is a message.
GObject* connection_of(SoupServerMessage* message) {
  return G_OBJECT(soup_server_message_get_remote_address(message));
}

GSocket* socket_of(SoupServerMessage* message) {
  return static_cast<GSocket*>(g_object_get_data(connection_of(message), kSocketUnderKey));
}

GIOStream* stream_of(SoupServerMessage* message) {
  return static_cast<GIOStream*>(g_object_get_data(connection_of(message), kStreamKey));
}

// One that nobody else has: a socket keeps the one that it gives.
Ref<GSocketAddress> copy_remote_address(GSocket* socket) {
  auto address = Ref<GSocketAddress>::adopt(g_socket_get_remote_address(socket, nullptr));
  if (!address) return {};
  sockaddr_storage native{};
  if (!g_socket_address_to_native(address.get(), &native, sizeof(native), nullptr)) return {};
  return Ref<GSocketAddress>::adopt(g_socket_address_new_from_native(
      &native, static_cast<gsize>(g_socket_address_get_native_size(address.get()))));
}

Headers read_headers(SoupMessageHeaders* headers) {
  Headers out;
  SoupMessageHeadersIter iterator;
  soup_message_headers_iter_init(&iterator, headers);
  const char* name = nullptr;
  const char* value = nullptr;
  while (soup_message_headers_iter_next(&iterator, &name, &value)) out.emplace_back(name, value);
  return out;
}

std::string collapse_slashes(std::string path) {
  // Clients append to a base URL that may end with a slash.
  if (path.starts_with("//")) path.erase(0, 1);
  return path;
}

HttpRequest read_request(SoupServerMessage* message) {
  HttpRequest request;
  GUri* uri = soup_server_message_get_uri(message);
  request.method = soup_server_message_get_method(message);
  request.path = collapse_slashes(g_uri_get_path(uri));
  if (const char* query = g_uri_get_query(uri)) request.query = parse_query(query);
  request.headers = read_headers(soup_server_message_get_request_headers(message));
  if (const char* host = soup_server_message_get_remote_host(message)) {
    request.remote_address = host;
  }
  SoupMessageBody* body = soup_server_message_get_request_body(message);
  if (!soup_message_body_get_accumulate(body)) return request;  // it was too large
  auto bytes = Ref<GBytes>::adopt(soup_message_body_flatten(body));
  gsize size = 0;
  const char* data = static_cast<const char*>(g_bytes_get_data(bytes.get(), &size));
  if (size > 0) request.body.assign(data, size);
  return request;
}

void write_response(SoupServerMessage* message, const Headers& cors, const HttpResponse& response) {
  SoupMessageHeaders* headers = soup_server_message_get_response_headers(message);
  for (const auto& [name, value] : cors) {
    soup_message_headers_replace(headers, name.c_str(), value.c_str());
  }
  for (const auto& [name, value] : response.headers) {
    soup_message_headers_replace(headers, name.c_str(), value.c_str());
  }
  soup_server_message_set_status(message, response.status, nullptr);
  if (response.status == 204) return;
  soup_server_message_set_response(message, response.content_type.c_str(), SOUP_MEMORY_COPY,
                                   response.body.data(), response.body.size());
}

bool says_close(SoupMessageHeaders* headers) {
  return soup_message_headers_header_contains(headers, "Connection", "close") != FALSE;
}

// libsoup closes the connection when this one is answered.
bool ends_connection(SoupServerMessage* message) {
  return soup_server_message_get_http_version(message) == SOUP_HTTP_1_0 ||
         says_close(soup_server_message_get_request_headers(message)) ||
         says_close(soup_server_message_get_response_headers(message));
}

void answer_handshake(SoupServerMessage* message, const HttpRequest& request) {
  soup_websocket_server_process_handshake(message, nullptr, nullptr, nullptr, nullptr);
  const std::string extensions = PermessageDeflate::accept(request.header(kExtensions));
  if (extensions.empty()) return;
  soup_message_headers_replace(soup_server_message_get_response_headers(message), kExtensions,
                               extensions.c_str());
}

// A request whose answer comes later: libsoup keeps it until then.
struct PausedMessage {
  PausedMessage(SoupServerMessage* m, std::shared_ptr<HttpConnections> c)
      : message(Ref<SoupServerMessage>::share(m)), connections(std::move(c)) {
    finished_handler =
        g_signal_connect(m, "finished", G_CALLBACK(+[](SoupServerMessage*, gpointer self) {
                           static_cast<PausedMessage*>(self)->is_finished = true;
                         }),
                         this);
  }
  ~PausedMessage() {
    // Nobody is left who could answer.
    reply(plain_text(503, "unavailable"));
    g_signal_handler_disconnect(message.get(), finished_handler);
  }
  PausedMessage(const PausedMessage&) = delete;
  PausedMessage& operator=(const PausedMessage&) = delete;

  void reply(const HttpResponse& response) {
    if (is_finished || std::exchange(is_answered, true)) return;
    write_response(message.get(), cors, response);
    if (!is_paused) return;
    connections->change(connection_of(message.get()), Stage::Transfer);
    soup_server_message_unpause(message.get());
  }
  void pause() {
    is_paused = true;
    connections->change(connection_of(message.get()), Stage::Answer);
    soup_server_message_pause(message.get());
  }

  const Ref<SoupServerMessage> message;
  const std::shared_ptr<HttpConnections> connections;  // may be there longer than the server
  Headers cors;
  bool is_paused = false;
  bool is_answered = false;
  bool is_finished = false;  // with or without an answer
  gulong finished_handler = 0;
};

struct WebSocketRoute {
  WebSocketHandler handler;
  size_t max_message_size;
};

}  // namespace

struct HttpServer::Impl {
  explicit Impl(HttpLimits limits);
  ~Impl();

  const AsyncHttpHandler* find_handler(const std::string& path) const;
  void answer(const HttpRequest& request, const HttpReply& reply) const;
  void answer(SoupServerMessage* message, const HttpRequest& request) const;
  void pretend_to_listen();
  void disconnect();
  void accept(const Ref<GSocket>& socket, Stage stage);
  void serve(Ref<GIOStream> connection, const AcceptedConnection& accepted);
  void handle(SoupServerMessage* message);
  void begin_web_socket(SoupServerMessage* message, const HttpRequest& request,
                        const WebSocketRoute& route);
  void remove(WebSocketConnection& socket);

  static void on_headers(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                         gpointer self);
  static void on_chunk(SoupServerMessage* message, GBytes* chunk, gpointer self);
  static void on_request(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                         gpointer self);
  static void on_answered(SoupServerMessage* message, gpointer self);
  static void on_switched(SoupServerMessage* message, gpointer self);
  static void on_finished(SoupServerMessage* message, gpointer self);

  const HttpLimits limits;
  HttpFilter filter;
  Ref<SoupServer> server;
  PermessageDeflate deflate;
  std::map<std::string, AsyncHttpHandler> handlers;
  std::map<std::string, WebSocketRoute> web_sockets;
  const std::shared_ptr<size_t> bodies = std::make_shared<size_t>(0);  // RequestBody
  const std::shared_ptr<HttpConnections> connections = std::make_shared<HttpConnections>();
  TlsGate gate{*connections, [this](Ref<GIOStream> connection, const AcceptedConnection& accepted) {
                 serve(std::move(connection), accepted);
               }};
  Listeners listeners{[this](const Ref<GSocket>& socket) { accept(socket, Stage::Request); }};
  bool stopped = false;
  std::list<std::unique_ptr<WebSocketConnection>> sockets;
};

HttpServer::Impl::Impl(HttpLimits l)
    : limits(l), server(Ref<SoupServer>::adopt(soup_server_new("raw-paths", TRUE, nullptr))) {
  soup_server_add_early_handler(server.get(), nullptr, on_headers, this, nullptr);
  soup_server_add_handler(server.get(), nullptr, on_request, this, nullptr);
  pretend_to_listen();
}

// libsoup lets connections live on after an answer only while it listens somewhere. Nothing can
// connect to where it does.
void HttpServer::Impl::pretend_to_listen() {
  soup_server_listen_local(server.get(), 0, SOUP_SERVER_LISTEN_IPV4_ONLY, nullptr);
  GSList* sockets = soup_server_get_listeners(server.get());
  for (GSList* item = sockets; item; item = item->next)
    g_socket_shutdown(static_cast<GSocket*>(item->data), TRUE, TRUE, nullptr);
  g_slist_free(sockets);
}

HttpServer::Impl::~Impl() {
  disconnect();
  sockets.clear();
}

// Of TLS libsoup takes its leave, and waits for as long as the socket has no room for that.
void HttpServer::Impl::disconnect() {
  gate.clear();
  connections->shut_down_all();
  soup_server_disconnect(server.get());
}

void HttpServer::Impl::accept(const Ref<GSocket>& socket, Stage stage) {
  AcceptedConnection accepted{
      .socket = socket,
      .local = Ref<GSocketAddress>::adopt(g_socket_get_local_address(socket.get(), nullptr)),
      .remote = copy_remote_address(socket.get())};
  if (!accepted.local || !accepted.remote) return;  // gone by now
  GObject* const connection = G_OBJECT(accepted.remote.get());
  g_object_set_data_full(connection, kSocketUnderKey, Ref(socket).release(), g_object_unref);
  connections->add(connection, socket.get(), stage);
  if (stage != Stage::Brief && gate.has_certificate()) return gate.admit(std::move(accepted));
  serve(Ref<GIOStream>::adopt(
            G_IO_STREAM(g_socket_connection_factory_create_connection(socket.get()))),
        accepted);
}

// libsoup has no way to be given a socket that somebody else has accepted, only a stream.
void HttpServer::Impl::serve(Ref<GIOStream> connection, const AcceptedConnection& accepted) {
  const Ref<GIOStream> stream = make_http_stream(std::move(connection), accepted.socket.get());
  g_object_set_data_full(G_OBJECT(accepted.remote.get()), kStreamKey, Ref(stream).release(),
                         g_object_unref);
  soup_server_accept_iostream(server.get(), stream.get(), accepted.local.get(),
                              accepted.remote.get(), nullptr);
}

void HttpServer::Impl::on_headers(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                                  gpointer self) {
  auto* impl = static_cast<Impl*>(self);
  impl->connections->change(connection_of(message), Stage::Transfer);
  set_between_requests(stream_of(message), false);
  g_signal_connect(message, "finished", G_CALLBACK(on_answered), impl);
  const size_t limit = impl->limits.max_body_size;
  SoupMessageHeaders* headers = soup_server_message_get_request_headers(message);
  const goffset length = soup_message_headers_get_content_length(headers);
  if (limit != 0 && length > static_cast<goffset>(limit)) {
    const HttpRequest request = read_request(message);
    write_response(message, cors_headers(request), plain_text(413, "request body too large"));
    // What follows on this connection is the body that nobody reads.
    soup_message_headers_replace(soup_server_message_get_response_headers(message), "Connection",
                                 "close");
    return;
  }
  g_signal_connect(message, "got-chunk", G_CALLBACK(on_chunk), impl);
}

// A body without Content-Length tells its size only while it comes.
void HttpServer::Impl::on_chunk(SoupServerMessage* message, GBytes* chunk, gpointer self) {
  auto* impl = static_cast<Impl*>(self);
  RequestBody* known = RequestBody::find(message);
  RequestBody& body = known ? *known : RequestBody::make(message, impl->bodies);
  if (body.add(g_bytes_get_size(chunk), impl->limits.max_body_size)) return;
  SoupMessageBody* kept = soup_server_message_get_request_body(message);
  soup_message_body_set_accumulate(kept, FALSE);
  soup_message_body_truncate(kept);
}

void HttpServer::Impl::on_request(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                                  gpointer self) {
  static_cast<Impl*>(self)->handle(message);
}

void HttpServer::Impl::handle(SoupServerMessage* message) {
  const HttpRequest request = read_request(message);
  const RequestBody* body = RequestBody::find(message);
  if (const auto refused = filter ? filter(request) : std::nullopt)
    return write_response(message, {}, *refused);
  const auto web_socket = web_sockets.find(request.path);
  if (limits.max_body_size != 0 && body && body->size() > limits.max_body_size) {
    write_response(message, cors_headers(request), plain_text(413, "request body too large"));
  } else if (body && body->dropped()) {
    write_response(message, cors_headers(request), plain_text(503, "too many large requests"));
  } else if (web_socket != web_sockets.end() && request.is_websocket_upgrade()) {
    begin_web_socket(message, request, web_socket->second);
  } else {
    answer(message, request);
  }
}

void HttpServer::Impl::answer(SoupServerMessage* message, const HttpRequest& request) const {
  const auto paused = std::make_shared<PausedMessage>(message, connections);
  paused->cors = cors_headers(request);
  answer(request, [paused](const HttpResponse& response) { paused->reply(response); });
  if (!paused->is_answered) paused->pause();
}

void HttpServer::Impl::answer(const HttpRequest& request, const HttpReply& reply) const {
  if (is_preflight(request)) {
    HttpResponse response;
    response.status = 204;
    return reply(response);
  }
  const AsyncHttpHandler* handler = find_handler(request.path);
  return handler ? (*handler)(request, reply) : reply(not_found());
}

const AsyncHttpHandler* HttpServer::Impl::find_handler(const std::string& path) const {
  const auto exact = handlers.find(path);
  if (exact != handlers.end()) return &exact->second;
  const AsyncHttpHandler* best = nullptr;
  size_t best_size = 0;
  for (const auto& [pattern, handler] : handlers) {
    if (!pattern.ends_with('*') || pattern.size() <= best_size) continue;
    if (!path.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1))) continue;
    best = &handler;
    best_size = pattern.size();
  }
  return best;
}

void HttpServer::Impl::begin_web_socket(SoupServerMessage* message, const HttpRequest& request,
                                        const WebSocketRoute& route) {
  if (!soup_websocket_server_check_handshake(message, nullptr, nullptr, nullptr, nullptr)) {
    return write_response(message, cors_headers(request), plain_text(400, "bad handshake"));
  }
  auto socket = std::make_unique<WebSocketConnection>(
      route.max_message_size, deflate, [this](WebSocketConnection& gone) { remove(gone); });
  Result<std::unique_ptr<WebSocketListener>, HttpResponse> listener =
      route.handler(request, *socket);
  if (!listener) {
    write_response(message, cors_headers(request), listener.error());
    return;
  }
  socket->set_listener(std::move(listener).value());
  g_object_set_data(G_OBJECT(message), kSocketKey, socket.get());
  g_signal_connect(message, "finished", G_CALLBACK(on_finished), this);
  g_signal_connect(message, "wrote-informational", G_CALLBACK(on_switched), this);
  sockets.push_back(std::move(socket));
  answer_handshake(message, request);
}

void HttpServer::Impl::on_answered(SoupServerMessage* message, gpointer self) {
  static_cast<Impl*>(self)->connections->change(connection_of(message), Stage::Idle);
  set_between_requests(stream_of(message), true);
  GSocket* const socket = socket_of(message);
  if (ends_connection(message) && g_socket_condition_check(socket, G_IO_OUT) == 0)
    g_socket_shutdown(socket, TRUE, TRUE, nullptr);
}

// libsoup writes the answer; what comes after it is ours, because libsoup bounds neither a message
// in fragments, nor what is inflated, nor the pongs to a peer that does not read.
void HttpServer::Impl::on_switched(SoupServerMessage* message, gpointer self) {
  auto* socket =
      static_cast<WebSocketConnection*>(g_object_steal_data(G_OBJECT(message), kSocketKey));
  if (!socket) return;
  const auto kept = Ref<SoupServerMessage>::share(message);
  auto under = Ref<GSocket>::share(socket_of(message));
  static_cast<Impl*>(self)->connections->take_away(connection_of(message));
  const bool compressed =
      soup_message_headers_get_one(soup_server_message_get_response_headers(message), kExtensions);
  auto stream = Ref<GIOStream>::adopt(soup_server_message_steal_connection(message));
  socket->attach(std::move(stream), std::move(under), compressed);
}

// Without a handshake: the client went away in between.
void HttpServer::Impl::on_finished(SoupServerMessage* message, gpointer self) {
  auto* socket =
      static_cast<WebSocketConnection*>(g_object_get_data(G_OBJECT(message), kSocketKey));
  if (socket) static_cast<Impl*>(self)->remove(*socket);
}

void HttpServer::Impl::remove(WebSocketConnection& socket) {
  const auto it = std::ranges::find(sockets, &socket, &std::unique_ptr<WebSocketConnection>::get);
  if (it == sockets.end()) return;
  const std::unique_ptr<WebSocketConnection> doomed = std::move(*it);
  sockets.erase(it);
}

HttpServer::HttpServer(HttpLimits limits) : impl_(std::make_unique<Impl>(limits)) {}

HttpServer::~HttpServer() = default;

void HttpServer::set_filter(HttpFilter filter) { impl_->filter = std::move(filter); }

void HttpServer::add_handler(std::string path, HttpHandler handler) {
  add_async_handler(std::move(path), [handler = std::move(handler)](const HttpRequest& request,
                                                                    const HttpReply& reply) {
    reply(handler(request));
  });
}

void HttpServer::add_async_handler(std::string path, AsyncHttpHandler handler) {
  impl_->handlers[std::move(path)] = std::move(handler);
}

void HttpServer::add_web_socket(std::string path, WebSocketHandler handler,
                                std::optional<size_t> max_message_size) {
  impl_->web_sockets[std::move(path)] = {std::move(handler),
                                         max_message_size.value_or(impl_->limits.max_message_size)};
}

void HttpServer::use_certificate(Ref<GTlsCertificate> certificate) {
  impl_->gate.use_certificate(std::move(certificate));
}

void HttpServer::serve(int fd) {
  const Ref<GSocket> socket = own_socket(fd);
  if (socket && !impl_->stopped) impl_->accept(socket, Stage::Request);
}

void HttpServer::serve_briefly(int fd) {
  const Ref<GSocket> socket = own_socket(fd);
  if (!socket || impl_->connections->size() >= kMaxBrief) return;  // which closes it
  impl_->accept(socket, Stage::Brief);
}

Result<void> HttpServer::listen(const std::vector<std::string>& addresses, uint16_t port) {
  return impl_->listeners.listen(addresses, port);
}

uint16_t HttpServer::port() const { return impl_->listeners.port(); }

void HttpServer::stop_listening() {
  impl_->stopped = true;
  impl_->listeners.stop();
  impl_->disconnect();
}

}  // namespace gstlk::net
