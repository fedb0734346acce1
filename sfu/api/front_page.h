// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "api/authentication.h"
#include "net/http_server.h"
#include "net/static_files.h"

namespace gstlk::api {

// Who gets tokens from /dev/token. Those that are signed with a key of one's own are for this
// machine, however many addresses are listened on; those of the known key anybody can make.
enum class DevelopmentTokens : uint8_t { None, ForThisMachine, ForEverybody };

// What is neither signalling nor server API: health (/, /health, /healthz, /readyz), the web page
// for browsers, and in development mode /dev/token, which gives tokens away. Main thread only.
class FrontPage {
 public:
  // The authenticator outlives this, and this outlives the server it is added to.
  FrontPage(const Authenticator& authenticator, UnixClock clock, net::StaticFiles files,
            DevelopmentTokens tokens);

  void add_to(net::HttpServer& server);
  // Only what says whether this server is well.
  void add_health_to(net::HttpServer& server);
  net::HttpResponse answer(const net::HttpRequest& request) const;
  // Whoever asks for readiness is told no.
  void start_draining() { draining_ = true; }

 private:
  net::HttpResponse root(const net::HttpRequest& request) const;
  net::HttpResponse health() const;
  bool gives_token_to(const net::HttpRequest& request) const;
  net::HttpResponse development_token(const net::HttpRequest& request) const;

  const Authenticator& authenticator_;
  UnixClock clock_;
  net::StaticFiles files_;
  const DevelopmentTokens tokens_;
  bool draining_ = false;
};

}  // namespace gstlk::api
