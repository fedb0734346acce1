// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugins/livekit/signal_socket.h"

#include <utility>

namespace gstlk::client {

namespace {

// Signal messages: a JoinResponse of a large room is the largest.
constexpr guint64 kMaxMessage = 16 << 20;

struct ErrorDeleter {
  void operator()(GError* error) const { g_error_free(error); }
};
using ErrorPtr = std::unique_ptr<GError, ErrorDeleter>;

// What a closing connection needs until the server has answered, or libsoup has waited for that for
// long enough: its reference, and the thread that it is on.
struct Closing {
  Ref<SoupWebsocketConnection> connection;
  std::shared_ptr<ClientThread> thread;
};

void on_close_done(SoupWebsocketConnection* connection, gpointer closing) {
  g_signal_handlers_disconnect_by_data(connection, closing);
}

bool is_cancelled(const ErrorPtr& error) {
  return error && g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

}  // namespace

SignalSocket::SignalSocket(ClientThread& thread, Listener& listener)
    : thread_(thread), listener_(listener) {
  session_ = Ref<SoupSession>::adopt(
      soup_session_new_with_options("user-agent", "gst-livekit", "timeout", 15, nullptr));
}

SignalSocket::~SignalSocket() {
  close();
  soup_session_abort(session_.get());
}

Ref<SoupMessage> SignalSocket::make_message(const std::string& url) const {
  auto message = Ref<SoupMessage>::adopt(soup_message_new("GET", url.c_str()));
  if (message)
    soup_message_headers_append(soup_message_get_request_headers(message.get()), "Authorization",
                                ("Bearer " + token_).c_str());
  return message;
}

void SignalSocket::open(const std::string& url, const std::string& validate_url,
                        const std::string& token) {
  close();
  validate_url_ = validate_url;
  token_ = token;
  message_ = make_message(url);
  cancellable_ = Ref<GCancellable>::adopt(g_cancellable_new());
  soup_session_websocket_connect_async(session_.get(), message_.get(), nullptr, nullptr,
                                       G_PRIORITY_DEFAULT, cancellable_.get(), on_connected, this);
}

void SignalSocket::send(ByteView message) {
  if (!connection_) return;
  // A server that is about to close takes nothing more.
  if (soup_websocket_connection_get_state(connection_.get()) != SOUP_WEBSOCKET_STATE_OPEN) return;
  soup_websocket_connection_send_binary(connection_.get(), message.data(), message.size());
}

void SignalSocket::close() {
  if (cancellable_) g_cancellable_cancel(cancellable_.get());
  cancellable_.reset();
  message_.reset();
  if (!connection_) return;
  // Nothing of a closing connection reaches us.
  g_signal_handlers_disconnect_by_data(connection_.get(), this);
  if (soup_websocket_connection_get_state(connection_.get()) == SOUP_WEBSOCKET_STATE_OPEN) {
    auto* closing = new Closing{connection_, thread_.shared_from_this()};
    g_signal_connect_data(
        connection_.get(), "closed", G_CALLBACK(on_close_done), closing,
        [](gpointer data, GClosure*) { delete static_cast<Closing*>(data); }, GConnectFlags{});
    soup_websocket_connection_close(connection_.get(), SOUP_WEBSOCKET_CLOSE_NORMAL, nullptr);
  }
  connection_.reset();
}

void SignalSocket::on_connected(GObject* session, GAsyncResult* result, gpointer self) {
  GError* failure = nullptr;
  auto* connection = soup_session_websocket_connect_finish(SOUP_SESSION(session), result, &failure);
  const ErrorPtr error(failure);
  if (is_cancelled(error)) return;  // `self` may be gone
  auto* socket = static_cast<SignalSocket*>(self);
  if (connection) return socket->connected(connection);
  socket->validate(error->message);
}

void SignalSocket::connected(SoupWebsocketConnection* connection) {
  connection_ = Ref<SoupWebsocketConnection>::adopt(connection);
  message_.reset();
  soup_websocket_connection_set_max_incoming_payload_size(connection, kMaxMessage);
  g_signal_connect(connection, "message", G_CALLBACK(on_message), this);
  g_signal_connect(connection, "closed", G_CALLBACK(on_closed), this);
}

void SignalSocket::validate(const std::string& why) {
  const guint status = soup_message_get_status(message_.get());
  why_ = why;
  if (status == SOUP_STATUS_NONE) return fail({0, why});
  message_ = make_message(validate_url_);
  soup_session_send_and_read_async(session_.get(), message_.get(), G_PRIORITY_DEFAULT,
                                   cancellable_.get(), on_validated, this);
}

void SignalSocket::on_validated(GObject* session, GAsyncResult* result, gpointer self) {
  GError* failure = nullptr;
  GBytes* body = soup_session_send_and_read_finish(SOUP_SESSION(session), result, &failure);
  const ErrorPtr error(failure);
  if (is_cancelled(error)) return;
  auto* socket = static_cast<SignalSocket*>(self);
  if (!body) return socket->fail({0, error->message});
  const guint status = soup_message_get_status(socket->message_.get());
  gsize size = 0;
  const auto* text = static_cast<const char*>(g_bytes_get_data(body, &size));
  std::string words(text ? text : "", text ? size : 0);
  g_bytes_unref(body);
  while (!words.empty() && (words.back() == '\n' || words.back() == '\r')) words.pop_back();
  // A server that would let us in now is tried again.
  if (SOUP_STATUS_IS_SUCCESSFUL(status)) return socket->fail({0, socket->why_});
  socket->fail({status, words.empty() ? socket->why_ : words});
}

void SignalSocket::on_message(SoupWebsocketConnection*, gint type, GBytes* message, gpointer self) {
  if (type != SOUP_WEBSOCKET_DATA_BINARY) return;
  gsize size = 0;
  const auto* data = static_cast<const uint8_t*>(g_bytes_get_data(message, &size));
  static_cast<SignalSocket*>(self)->listener_.on_signal_message({data, size});
}

void SignalSocket::on_closed(SoupWebsocketConnection* connection, gpointer self) {
  const char* data = soup_websocket_connection_get_close_data(connection);
  const gushort code = soup_websocket_connection_get_close_code(connection);
  std::string message = "the server closed the signal connection";
  if (code) message += " with code " + std::to_string(code);
  if (data && *data) message += std::string(": ") + data;
  auto* socket = static_cast<SignalSocket*>(self);
  g_signal_handlers_disconnect_by_data(connection, self);
  socket->fail({0, std::move(message)});
}

void SignalSocket::fail(livekit::SocketFault fault) {
  cancellable_.reset();
  message_.reset();
  connection_.reset();
  listener_.on_signal_closed(fault);
}

}  // namespace gstlk::client
