// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gstlk::net {

// One WebSocket, RFC 6455, from the side of the code that talks through it. It exists before the
// handshake is answered: what is sent then goes out right after it. Main thread only.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  // A payload may be shared with other sockets. Dropped when the socket is closed. A reader that is
  // 8 MiB behind is closed.
  virtual void send_text(const std::shared_ptr<const std::string>& payload) = 0;
  virtual void send_binary(const std::shared_ptr<const std::string>& payload) = 0;
  // Sends what is queued, then closes with this code. Nothing is received any more.
  virtual void close(uint16_t code) = 0;
};

// What listens to one WebSocket. Destroyed when the socket is gone, from the main loop, never from
// inside a call to the socket.
class WebSocketListener {
 public:
  virtual ~WebSocketListener() = default;
  virtual void on_text(std::string_view message) = 0;
  virtual void on_binary(std::string_view message) = 0;
};

}  // namespace gstlk::net
