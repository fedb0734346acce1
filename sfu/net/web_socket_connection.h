// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gio/gio.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ref.h"
#include "net/permessage_deflate.h"
#include "net/web_socket.h"
#include "net/web_socket_frames.h"

namespace gstlk::net {

// A WebSocket, RFC 6455, over the stream of an answered handshake. attach() gives it the stream;
// until then it keeps what is sent. Owns its listener. Pings every ten seconds. Whatever the peer
// sends or does not read, it keeps at most a message, the queue that WebSocket promises, and one
// pong. Main thread only.
class WebSocketConnection : public WebSocket {
 public:
  // `deflate` outlives this. `on_gone` is called once from the main loop when the connection is
  // closed; it may destroy this.
  WebSocketConnection(size_t max_message_size, PermessageDeflate& deflate,
                      std::function<void(WebSocketConnection&)> on_gone);
  ~WebSocketConnection() override;
  WebSocketConnection(const WebSocketConnection&) = delete;
  WebSocketConnection& operator=(const WebSocketConnection&) = delete;

  void set_listener(std::unique_ptr<WebSocketListener> listener);
  // `socket` is what is under `stream`.
  void attach(Ref<GIOStream> stream, Ref<GSocket> socket, bool compressed);

  void send_text(const std::shared_ptr<const std::string>& payload) override;
  void send_binary(const std::shared_ptr<const std::string>& payload) override;
  void close(uint16_t code) override;

 private:
  using Payload = std::shared_ptr<const std::string>;
  struct Frame {
    Opcode opcode;
    std::string header;
    Payload payload;
    size_t sent = 0;
    bool tried = false;  // TLS may have made a record of its beginning, and wants the same again
    size_t size() const { return header.size() + payload->size(); }
  };
  struct Pending {
    Opcode opcode;
    Payload payload;
  };

  void send(Opcode opcode, const Payload& payload);
  void queue_message(Opcode opcode, const Payload& payload);
  void queue_frame(Opcode opcode, bool compressed, Payload payload);
  void answer_ping(std::string payload);
  void flush();
  bool write_some(Frame& frame);
  void finish_writing();
  void queue_close(uint16_t code);

  void read();
  void handle_bytes(std::string_view bytes);
  void handle_message(const WebSocketMessage& message);
  void handle_close(std::string_view payload);
  void fail(CloseCode code);

  void wait_to_read();
  void wait_to_write();
  void schedule_gone();

  static gboolean on_readable(GObject*, gpointer self);
  static gboolean on_writable(GObject*, gpointer self);
  static gboolean on_ping_due(gpointer self);
  static gboolean on_close_timeout(gpointer self);
  static gboolean on_idle(gpointer self);

  const size_t max_message_size_;
  PermessageDeflate& deflate_;
  const std::function<void(WebSocketConnection&)> on_gone_;
  std::unique_ptr<WebSocketListener> listener_;
  Ref<GIOStream> stream_;
  Ref<GSocket> socket_;
  bool compressed_ = false;                // agreed on
  std::optional<WebSocketReader> reader_;  // from attach() on

  std::vector<Pending> pending_;  // before attach()
  std::deque<Frame> queue_;
  size_t unread_ = 0;        // bytes in pending_ and queue_
  uint16_t close_code_ = 0;  // not zero: nothing is sent after it, nothing told to the listener
  bool close_queued_ = false;
  bool close_received_ = false;
  bool done_reading_ = false;  // what comes is thrown away
  bool gone_ = false;

  guint read_source_ = 0;
  guint write_source_ = 0;
  guint ping_source_ = 0;
  guint close_source_ = 0;
  guint gone_source_ = 0;
};

}  // namespace gstlk::net
