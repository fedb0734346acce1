// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gio/gio.h>

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "base/ref.h"
#include "net/http_connections.h"

namespace gstlk::net {

// An accepted connection. `remote` is of nobody else: it stands for it in HttpConnections.
struct AcceptedConnection {
  Ref<GSocket> socket;
  Ref<GSocketAddress> local;
  Ref<GSocketAddress> remote;
};

// Makes TLS of connections before anybody else gets to see them. GIO's handshake takes a thread of
// GLib's pool, of which there are ten, from its first read to its end, and closing one that is not
// done may block; so one begins only when the client's first record (RFC 8446 section 5.1) has come
// as a whole, and few run at once. The next is who came last of those whose network has the fewest
// running: many from one place, or who have waited so long that they are gone, keep nobody else
// out. While others wait none may take longer than a second. What else takes too long
// HttpConnections closes, which have to know the connections. Main thread only.
class TlsGate {
 public:
  using OnOpen = std::function<void(Ref<GIOStream> stream, const AcceptedConnection& connection)>;

  TlsGate(HttpConnections& connections, OnOpen on_open);
  ~TlsGate();
  TlsGate(const TlsGate&) = delete;
  TlsGate& operator=(const TlsGate&) = delete;

  // Of handshakes from now on. Without one nobody may be admitted.
  void use_certificate(Ref<GTlsCertificate> certificate);
  bool has_certificate() const { return bool(certificate_); }
  void admit(AcceptedConnection connection);
  // Closes all that are not through.
  void clear();

 private:
  struct Entry;
  struct Handshake;
  using Entries = std::list<std::unique_ptr<Entry>>;

  bool handle_readable(Entry& entry);
  void queue(Entry& entry);
  void start_next();
  void start(Entries::iterator next);
  void finish(const Entry& entry, Ref<GIOStream> stream);
  Entries::iterator choose_next();
  size_t running_of(const std::string& network) const;
  void shut_down_slow();

  static gboolean on_readable(GSocket*, GIOCondition, gpointer entry);
  static gboolean on_hung_up(GSocket*, GIOCondition, gpointer entry);
  static gboolean on_look(gpointer self);
  static void on_handshaken(GObject* stream, GAsyncResult* result, gpointer handshake);

  HttpConnections& connections_;
  const OnOpen on_open_;
  Ref<GTlsCertificate> certificate_;
  Entries silent_;   // whose first record has not come
  Entries waiting_;  // for their turn, who came last behind
  Entries running_;  // the oldest first
  guint timer_ = 0;  // while somebody waits
  // What handshakes know us by, which may end when we are gone.
  std::shared_ptr<TlsGate*> self_;
};

}  // namespace gstlk::net
