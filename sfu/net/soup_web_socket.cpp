// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/soup_web_socket.h"

#include <gio/gnetworking.h>

#include <algorithm>

#include "base/log.h"

namespace gstlk::net {
namespace {

LogCategory log_category{"sfu-net"};

constexpr guint kPingIntervalSeconds = 10;
constexpr size_t kMaxUnread = 8 * 1024 * 1024;
constexpr uint16_t kPolicyViolation = 1008;
// A peer that is gone without a word: the kernel gives up on its acknowledgements.
constexpr gint kUnacknowledgedMilliseconds = 30'000;

void set_user_timeout(SoupWebsocketConnection* connection) {
  GIOStream* stream = soup_websocket_connection_get_io_stream(connection);
  if (!G_IS_SOCKET_CONNECTION(stream)) return;
  GSocket* socket = g_socket_connection_get_socket(G_SOCKET_CONNECTION(stream));
  g_socket_set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMilliseconds, nullptr);
}

}  // namespace

SoupWebSocket::SoupWebSocket(size_t max_message_size, std::function<void(SoupWebSocket&)> on_gone)
    : max_message_size_(max_message_size), on_gone_(std::move(on_gone)) {}

SoupWebSocket::~SoupWebSocket() {
  if (gone_source_ != 0) g_source_remove(gone_source_);
  if (!connection_) return;
  g_signal_handlers_disconnect_by_data(connection_.get(), this);
  if (soup_websocket_connection_get_state(connection_.get()) == SOUP_WEBSOCKET_STATE_OPEN) {
    soup_websocket_connection_close(connection_.get(), SOUP_WEBSOCKET_CLOSE_GOING_AWAY, nullptr);
  }
}

void SoupWebSocket::set_listener(std::unique_ptr<WebSocketListener> listener) {
  listener_ = std::move(listener);
}

void SoupWebSocket::attach(SoupWebsocketConnection* connection) {
  connection_ = Ref<SoupWebsocketConnection>::share(connection);
  soup_websocket_connection_set_max_incoming_payload_size(connection, max_message_size_);
  soup_websocket_connection_set_keepalive_interval(connection, kPingIntervalSeconds);
  set_user_timeout(connection);
  g_signal_connect(connection, "message", G_CALLBACK(on_message), this);
  g_signal_connect(connection, "pong", G_CALLBACK(on_pong), this);
  g_signal_connect(connection, "closed", G_CALLBACK(on_closed), this);
  for (const Pending& pending : std::exchange(pending_, {})) write(pending.type, *pending.payload);
  if (close_code_ != 0) soup_websocket_connection_close(connection, close_code_, nullptr);
}

void SoupWebSocket::send_text(const std::shared_ptr<const std::string>& payload) {
  send(SOUP_WEBSOCKET_DATA_TEXT, payload);
}

void SoupWebSocket::send_binary(const std::shared_ptr<const std::string>& payload) {
  send(SOUP_WEBSOCKET_DATA_BINARY, payload);
}

void SoupWebSocket::send(SoupWebsocketDataType type,
                         const std::shared_ptr<const std::string>& payload) {
  if (close_code_ != 0) return;
  sent_since_pong_ += payload->size();
  if (sent_since_pong_ + maybe_unread_ > kMaxUnread) {
    LOG_WARNING(log_category, "closing a WebSocket whose client does not read: %zu bytes wait",
                sent_since_pong_ + maybe_unread_);
    close(kPolicyViolation);
  } else if (connection_) {
    write(type, *payload);
  } else {
    pending_.push_back({type, payload});
  }
}

void SoupWebSocket::write(SoupWebsocketDataType type, const std::string& payload) {
  if (soup_websocket_connection_get_state(connection_.get()) != SOUP_WEBSOCKET_STATE_OPEN) return;
  auto bytes = Ref<GBytes>::adopt(g_bytes_new(payload.data(), payload.size()));
  soup_websocket_connection_send_message(connection_.get(), type, bytes.get());
}

void SoupWebSocket::close(uint16_t code) {
  if (close_code_ != 0) return;
  close_code_ = code;
  if (connection_ &&
      soup_websocket_connection_get_state(connection_.get()) == SOUP_WEBSOCKET_STATE_OPEN) {
    soup_websocket_connection_close(connection_.get(), code, nullptr);
  }
}

void SoupWebSocket::on_message(SoupWebsocketConnection*, gint type, GBytes* bytes, gpointer self) {
  auto* socket = static_cast<SoupWebSocket*>(self);
  if (socket->close_code_ != 0 || !socket->listener_) return;
  gsize size = 0;
  const char* data = static_cast<const char*>(g_bytes_get_data(bytes, &size));
  // libsoup limits what is on the wire; deflate may have made more of it.
  if (size > socket->max_message_size_) return socket->close(SOUP_WEBSOCKET_CLOSE_TOO_BIG);
  const std::string_view message = size == 0 ? std::string_view() : std::string_view(data, size);
  if (type == SOUP_WEBSOCKET_DATA_TEXT) {
    socket->listener_->on_text(message);
  } else {
    socket->listener_->on_binary(message);
  }
}

void SoupWebSocket::on_pong(SoupWebsocketConnection*, GBytes*, gpointer self) {
  auto* socket = static_cast<SoupWebSocket*>(self);
  socket->maybe_unread_ = std::exchange(socket->sent_since_pong_, 0);
}

void SoupWebSocket::on_closed(SoupWebsocketConnection*, gpointer self) {
  static_cast<SoupWebSocket*>(self)->schedule_gone();
}

void SoupWebSocket::schedule_gone() {
  // "closed" may be emitted from inside a call of the listener's.
  if (gone_source_ == 0) gone_source_ = g_idle_add_full(G_PRIORITY_DEFAULT, on_idle, this, nullptr);
}

gboolean SoupWebSocket::on_idle(gpointer self) {
  auto* socket = static_cast<SoupWebSocket*>(self);
  socket->gone_source_ = 0;
  socket->on_gone_(*socket);
  return G_SOURCE_REMOVE;
}

}  // namespace gstlk::net
