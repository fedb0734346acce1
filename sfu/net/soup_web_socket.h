// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <libsoup/soup.h>

#include <functional>
#include <vector>

#include "base/ref.h"
#include "net/web_socket.h"

namespace gstlk::net {

// A WebSocket over libsoup. attach() gives it the connection once the handshake is done; until then
// it keeps what is sent. Owns its listener. Main thread only.
class SoupWebSocket : public WebSocket {
 public:
  // `on_gone` is called once from the main loop when the connection is closed; it may destroy this.
  SoupWebSocket(size_t max_message_size, std::function<void(SoupWebSocket&)> on_gone);
  ~SoupWebSocket() override;
  SoupWebSocket(const SoupWebSocket&) = delete;
  SoupWebSocket& operator=(const SoupWebSocket&) = delete;

  void set_listener(std::unique_ptr<WebSocketListener> listener);
  void attach(SoupWebsocketConnection* connection);
  bool is_attached() const { return static_cast<bool>(connection_); }

  void send_text(const std::shared_ptr<const std::string>& payload) override;
  void send_binary(const std::shared_ptr<const std::string>& payload) override;
  void close(uint16_t code) override;

 private:
  struct Pending {
    SoupWebsocketDataType type;
    std::shared_ptr<const std::string> payload;
  };

  static void on_message(SoupWebsocketConnection*, gint type, GBytes* bytes, gpointer self);
  static void on_pong(SoupWebsocketConnection*, GBytes* bytes, gpointer self);
  static void on_closed(SoupWebsocketConnection*, gpointer self);
  static gboolean on_idle(gpointer self);
  void send(SoupWebsocketDataType type, const std::shared_ptr<const std::string>& payload);
  void write(SoupWebsocketDataType type, const std::string& payload);
  void schedule_gone();

  const size_t max_message_size_;
  const std::function<void(SoupWebSocket&)> on_gone_;
  Ref<SoupWebsocketConnection> connection_;
  std::unique_ptr<WebSocketListener> listener_;
  std::vector<Pending> pending_;
  uint16_t close_code_ = 0;  // not zero: close() was called
  guint gone_source_ = 0;
  // libsoup does not tell how long its queue is, so pongs do: what was sent before the ping has
  // been read when its pong comes.
  size_t sent_since_pong_ = 0;
  size_t maybe_unread_ = 0;
};

}  // namespace gstlk::net
