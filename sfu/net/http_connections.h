// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gio/gio.h>

#include "net/connection_deadlines.h"

namespace gstlk::net {

// The connections of a server that speak HTTP, or TLS before it, without those that have become
// WebSockets: closes those whose time is over (ConnectionDeadlines), for which libsoup would wait
// for ever. Each is known by the object that stands for it, which keeps its socket and is released
// in the main thread: the socket itself may end in the thread of a TLS handshake. Main thread only.
class HttpConnections {
 public:
  using Stage = ConnectionDeadlines::Stage;

  HttpConnections();
  ~HttpConnections();
  HttpConnections(const HttpConnections&) = delete;
  HttpConnections& operator=(const HttpConnections&) = delete;

  size_t size() const { return deadlines_.size(); }
  // Until `connection` is released or taken away.
  void add(GObject* connection, GSocket* socket, Stage stage);
  // It does something else from now on.
  void change(GObject* connection, Stage stage);
  void take_away(GObject* connection);
  // Nobody can say anything more, and nobody is waited for.
  void shut_down_all();

 private:
  void close_overdue();
  static void on_released(gpointer self, GObject* connection);

  ConnectionDeadlines deadlines_;
  std::unordered_map<GObject*, GSocket*> sockets_;  // on_released()
  guint timer_ = 0;
};

}  // namespace gstlk::net
