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
  for (const auto& [connection, socket] : sockets_)
    g_object_weak_unref(connection, on_released, this);
}

void HttpConnections::add(GObject* connection, GSocket* socket, Stage stage) {
  g_object_weak_ref(connection, on_released, this);
  sockets_[connection] = socket;
  deadlines_.add(connection, stage, read_clock());
  close_overdue();
}

void HttpConnections::change(GObject* connection, Stage stage) {
  deadlines_.change(connection, stage, read_clock());
}

void HttpConnections::take_away(GObject* connection) {
  if (sockets_.erase(connection) == 0) return;
  g_object_weak_unref(connection, on_released, this);
  deadlines_.remove(connection);
}

void HttpConnections::shut_down_all() {
  for (const auto& [connection, socket] : sockets_) g_socket_shutdown(socket, TRUE, TRUE, nullptr);
}

// libsoup sees the end of the connection and lets go of it.
void HttpConnections::close_overdue() {
  for (const void* key : deadlines_.take_overdue(read_clock())) {
    auto* connection = static_cast<GObject*>(const_cast<void*>(key));
    g_socket_shutdown(sockets_.at(connection), TRUE, TRUE, nullptr);
  }
}

void HttpConnections::on_released(gpointer data, GObject* connection) {
  auto* self = static_cast<HttpConnections*>(data);
  self->sockets_.erase(connection);
  self->deadlines_.remove(connection);
}

}  // namespace gstlk::net
