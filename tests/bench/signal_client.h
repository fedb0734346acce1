// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <libsoup/soup.h>

#include <string>

#include "base/ref.h"

namespace livekit {
class SignalRequest;
class SignalResponse;
}  // namespace livekit

namespace gstlk::bench {

class SignalListener {
 public:
  virtual ~SignalListener() = default;
  virtual void on_response(const ::livekit::SignalResponse& response) = 0;
  // The connection failed or ended; `reason` is for people.
  virtual void on_closed(const std::string& reason) = 0;
};

// A session that opens as many connections at once as it is asked to.
Ref<SoupSession> make_soup_session();

// A client's end of LiveKit's signal connection: protobuf in binary WebSocket frames. On the thread
// of the GLib main context.
class SignalClient {
 public:
  // `listener` outlives the client.
  SignalClient(SoupSession* session, const std::string& url, SignalListener& listener);
  ~SignalClient();
  SignalClient(const SignalClient&) = delete;
  SignalClient& operator=(const SignalClient&) = delete;

  void send(const ::livekit::SignalRequest& request);

 private:
  static void on_connected(GObject* session, GAsyncResult* result, gpointer data);
  static void on_message(SoupWebsocketConnection*, gint type, GBytes* bytes, gpointer self);
  static void on_closed(SoupWebsocketConnection* connection, gpointer self);
  void attach(Ref<SoupWebsocketConnection> connection);

  SignalListener& listener_;
  Ref<GCancellable> cancellable_;
  Ref<SoupWebsocketConnection> connection_;
};

}  // namespace gstlk::bench
