// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/http_connections.h"

#include <algorithm>

#include "net/descriptor_limit.h"

namespace gstlk::net {
namespace {

constexpr guint kCheckSeconds = 1;

// Half of the descriptors stay for those who talk.
size_t max_waiting() { return std::min<size_t>(descriptor_limit() / 2, 4096); }

Timestamp read_clock() { return Timestamp(Duration(g_get_monotonic_time())); }

}  // namespace

HttpConnections::HttpConnections() : deadlines_(max_waiting()) {
  timer_ = g_timeout_add_seconds(
      kCheckSeconds,
      [](gpointer self) -> gboolean {
        static_cast<HttpConnections*>(self)->close_overdue();
        return G_SOURCE_CONTINUE;
      },
      this);
}

HttpConnections::~HttpConnections() {
  g_source_remove(timer_);
  for (const auto& [key, socket] : sockets_)
    g_object_weak_unref(G_OBJECT(socket), on_destroyed, this);
}

void HttpConnections::add(GSocket* socket, Stage stage) {
  g_object_weak_ref(G_OBJECT(socket), on_destroyed, this);
  sockets_[socket] = socket;
  deadlines_.add(socket, stage, read_clock());
  close_overdue();
}

void HttpConnections::change(GSocket* socket, Stage stage) {
  deadlines_.change(socket, stage, read_clock());
}

void HttpConnections::take_away(GSocket* socket) {
  if (sockets_.erase(socket) == 0) return;
  g_object_weak_unref(G_OBJECT(socket), on_destroyed, this);
  deadlines_.remove(socket);
}

// libsoup sees the end of the connection and lets go of it.
void HttpConnections::close_overdue() {
  for (const void* key : deadlines_.take_overdue(read_clock()))
    g_socket_shutdown(sockets_.at(key), TRUE, TRUE, nullptr);
}

void HttpConnections::on_destroyed(gpointer data, GObject* socket) {
  auto* self = static_cast<HttpConnections*>(data);
  self->sockets_.erase(socket);
  self->deadlines_.remove(socket);
}

}  // namespace gstlk::net
