// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gio/gio.h>

#include "net/connection_deadlines.h"

namespace gstlk::net {

// The sockets of a server that speak HTTP, without those that have become WebSockets: closes those
// whose time is over (ConnectionDeadlines), for which libsoup would wait for ever. Main thread
// only.
class HttpConnections {
 public:
  using Stage = ConnectionDeadlines::Stage;

  HttpConnections();
  ~HttpConnections();
  HttpConnections(const HttpConnections&) = delete;
  HttpConnections& operator=(const HttpConnections&) = delete;

  size_t size() const { return deadlines_.size(); }
  // Until it is closed or taken away; the socket is not kept.
  void add(GSocket* socket, Stage stage);
  // It does something else from now on.
  void change(GSocket* socket, Stage stage);
  void take_away(GSocket* socket);

 private:
  void close_overdue();
  static void on_destroyed(gpointer self, GObject* socket);

  ConnectionDeadlines deadlines_;
  std::unordered_map<const void*, GSocket*> sockets_;  // weak: on_destroyed()
  guint timer_ = 0;
};

}  // namespace gstlk::net
