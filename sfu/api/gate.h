// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gio/gio.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "net/http.h"
#include "net/rate_limit.h"

namespace gstlk::api {

struct GateSettings {
  // "https://app.example.org", or "https://*.example.org" for all below; empty: pages of any
  // origin.
  std::vector<std::string> allowed_origins;
  // Whose X-Forwarded-For is believed, as networks. Empty: this machine's.
  std::vector<std::string> trusted_proxies;
  // From one address; 0: any number.
  uint32_t joins_per_minute = 0;
  uint32_t api_requests_per_second = 0;
};

// Looks at every request before anybody acts on it: pages of other origins get nothing, and who
// asks too often has to wait. A join is a WebSocket to /rtc; what a client asks about it
// afterwards, because a page cannot read the answer to a WebSocket, is told the same and does not
// count. Main thread only.
class Gate {
 public:
  using Clock = std::function<Timestamp()>;

  Gate(GateSettings settings, Clock clock);

  // nullopt: go on. Else the answer.
  std::optional<net::HttpResponse> refuse(const net::HttpRequest& request);

 private:
  bool is_allowed_origin(const net::HttpRequest& request) const;
  std::string address_of(const net::HttpRequest& request) const;
  bool is_proxy(GInetAddress* address) const;

  const GateSettings settings_;
  const Clock clock_;
  std::optional<net::RateLimit> joins_;
  std::optional<net::RateLimit> requests_;
};

}  // namespace gstlk::api
