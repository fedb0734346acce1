// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <libsoup/soup.h>

#include <string>

#include "base/bytes.h"
#include "base/ref.h"
#include "livekit/client_session.h"
#include "plugins/livekit/client_thread.h"

namespace gstlk::client {

// The WebSocket of a signal connection (protocol section 1.4), by libsoup. When the server refuses
// the upgrade it is asked on the validate URL for its words. Client thread only.
class SignalSocket {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_signal_message(ByteView message) = 0;
    // Once for each open(), unless close() came before. May call open().
    virtual void on_signal_closed(const livekit::SocketFault& fault) = 0;
  };

  SignalSocket(ClientThread& thread, Listener& listener);
  ~SignalSocket();
  SignalSocket(const SignalSocket&) = delete;
  SignalSocket& operator=(const SignalSocket&) = delete;

  // `url` and `validate_url` are http or https, with their query.
  void open(const std::string& url, const std::string& validate_url, const std::string& token);
  void send(ByteView message);
  void close();

 private:
  static void on_connected(GObject* session, GAsyncResult* result, gpointer self);
  static void on_validated(GObject* session, GAsyncResult* result, gpointer self);
  static void on_message(SoupWebsocketConnection* connection, gint type, GBytes* message,
                         gpointer self);
  static void on_closed(SoupWebsocketConnection* connection, gpointer self);

  void connected(SoupWebsocketConnection* connection);
  void validate(const std::string& why);
  void fail(livekit::SocketFault fault);
  Ref<SoupMessage> make_message(const std::string& url) const;

  ClientThread& thread_;
  Listener& listener_;
  Ref<SoupSession> session_;
  Ref<GCancellable> cancellable_;
  Ref<SoupMessage> message_;  // of the upgrade, then of the validation
  Ref<SoupWebsocketConnection> connection_;
  std::string validate_url_;
  std::string token_;
  std::string why_;
};

}  // namespace gstlk::client
