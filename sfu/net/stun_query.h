// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gio/gio.h>

#include <functional>
#include <string>
#include <vector>

#include "base/ref.h"
#include "base/result.h"
#include "base/time.h"
#include "transport/stun.h"

namespace gstlk::net {

// Asks STUN servers what a local IPv4 address looks like to them (RFC 8489, a Binding request over
// UDP). All are asked at once, again after 500 ms, 1 s, 2 s and so on (section 6.2.1), and the
// first answer counts. It is asked from a port of its own: those of media belong to the workers.
// Main thread only.
//
// Left out: IPv6, which no NAT hides; the old servers of RFC 3489, which mask nothing.
class StunQuery {
 public:
  // The external address; the error names the servers and says what is wrong with each.
  using Done = std::function<void(const Result<std::string>&)>;

  // `servers` are "host" or "host:port", also with "stun:" in front; the port is 3478 where there
  // is none. `done` is called once, from the main loop, after `limit` at the latest, and may
  // destroy this.
  StunQuery(const std::string& local, const std::vector<std::string>& servers, Duration limit,
            Done done);
  ~StunQuery();  // done is not called any more
  StunQuery(const StunQuery&) = delete;
  StunQuery& operator=(const StunQuery&) = delete;

 private:
  struct Server {
    StunQuery* query;
    std::string name;
    std::string trouble;  // why it cannot be asked; empty: it does not answer
    Ref<GSocketAddressEnumerator> enumerator;
    Ref<GSocketAddress> address;  // once it is known
  };

  bool open(const std::string& local);
  void resolve(Server& server);
  static void on_resolved(GObject* enumerator, GAsyncResult* result, gpointer server);
  void ask(const Server& server);
  void ask_all();
  void read();
  void stop();
  void finish(const Result<std::string>& result);
  std::string describe() const;

  Done done_;
  transport::TransactionId transaction_;
  Ref<GSocket> socket_;
  Ref<GCancellable> alive_;
  std::vector<Server> servers_;  // does not change once they are resolved
  std::string trouble_;          // of the socket
  Duration interval_;
  guint limit_timer_ = 0;
  guint ask_timer_ = 0;
  GSource* source_ = nullptr;
};

}  // namespace gstlk::net
