// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signal_client.h"

#include "livekit/messages.h"
#include "livekit_rtc.pb.h"

namespace gstlk::bench {
namespace {

constexpr guint64 kMaxMessage = 16 * 1024 * 1024;

}  // namespace

Ref<SoupSession> make_soup_session() {
  return Ref<SoupSession>::adopt(soup_session_new_with_options(
      "max-conns", 100'000, "max-conns-per-host", 100'000, "timeout", 60, nullptr));
}

SignalClient::SignalClient(SoupSession* session, const std::string& url, SignalListener& listener)
    : listener_(listener), cancellable_(Ref<GCancellable>::adopt(g_cancellable_new())) {
  const auto message = Ref<SoupMessage>::adopt(soup_message_new("GET", url.c_str()));
  soup_session_websocket_connect_async(session, message.get(), nullptr, nullptr, G_PRIORITY_DEFAULT,
                                       cancellable_.get(), on_connected, this);
}

SignalClient::~SignalClient() {
  g_cancellable_cancel(cancellable_.get());
  if (!connection_) return;
  g_signal_handlers_disconnect_by_data(connection_.get(), this);
  if (soup_websocket_connection_get_state(connection_.get()) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close(connection_.get(), SOUP_WEBSOCKET_CLOSE_NORMAL, nullptr);
}

void SignalClient::on_connected(GObject* session, GAsyncResult* result, gpointer data) {
  GError* error = nullptr;
  auto connection = Ref<SoupWebsocketConnection>::adopt(
      soup_session_websocket_connect_finish(SOUP_SESSION(session), result, &error));
  const bool cancelled = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  const std::string reason = error ? error->message : "";
  g_clear_error(&error);
  // Cancelled: the client is gone.
  if (cancelled) return;
  auto* self = static_cast<SignalClient*>(data);
  if (connection)
    self->attach(std::move(connection));
  else
    self->listener_.on_closed(reason);
}

void SignalClient::attach(Ref<SoupWebsocketConnection> connection) {
  connection_ = std::move(connection);
  soup_websocket_connection_set_max_incoming_payload_size(connection_.get(), kMaxMessage);
  g_signal_connect(connection_.get(), "message", G_CALLBACK(on_message), this);
  g_signal_connect(connection_.get(), "closed", G_CALLBACK(on_closed), this);
}

void SignalClient::on_message(SoupWebsocketConnection*, gint, GBytes* bytes, gpointer self) {
  gsize size = 0;
  const auto* data = static_cast<const uint8_t*>(g_bytes_get_data(bytes, &size));
  ::livekit::SignalResponse response;
  if (livekit::from_protobuf({data, size}, response))
    static_cast<SignalClient*>(self)->listener_.on_response(response);
}

void SignalClient::on_closed(SoupWebsocketConnection* connection, gpointer self) {
  const char* data = soup_websocket_connection_get_close_data(connection);
  static_cast<SignalClient*>(self)->listener_.on_closed(
      std::to_string(soup_websocket_connection_get_close_code(connection)) + " " +
      (data ? data : ""));
}

void SignalClient::send(const ::livekit::SignalRequest& request) {
  if (!connection_ ||
      soup_websocket_connection_get_state(connection_.get()) != SOUP_WEBSOCKET_STATE_OPEN)
    return;
  const Bytes bytes = livekit::to_protobuf(request);
  soup_websocket_connection_send_binary(connection_.get(), bytes.data(), bytes.size());
}

}  // namespace gstlk::bench
