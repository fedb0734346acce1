// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/time.h"
#include "net/http.h"
#include "net/http_server.h"

namespace gstlk::api {

// GET /metrics for Prometheus; with a name and a password only for who knows both (RFC 7617).
// To print is dear, and whoever asks may ask often: what is printed stands for a second. Main
// thread only.
class MetricsPage {
 public:
  using Clock = std::function<Timestamp()>;

  MetricsPage(std::string username, std::string password, std::function<std::string()> print,
              Clock clock);
  // The server does not outlive this.
  void add_to(net::HttpServer& server);
  // At every path, as LiveKit's prometheus.port has it: its chart's ServiceMonitor asks for "/".
  void add_everywhere_to(net::HttpServer& server);
  net::HttpResponse answer(const net::HttpRequest& request);

 private:
  const std::string expected_;  // "name:password" in base64; empty: everybody may read
  const std::function<std::string()> print_;
  const Clock clock_;
  std::string printed_;
  std::optional<Timestamp> printed_at_;
};

}  // namespace gstlk::api
