// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "net/http.h"

namespace gstlk::net {

struct HttpPost {
  std::string url;  // http or https
  std::string content_type;
  Headers headers;
  std::string body;
};

// What became of a request. Of the answer nothing else is looked at.
struct HttpOutcome {
  unsigned status = 0;  // 0: there was no answer, see `error`
  std::string error;
  std::optional<Duration> retry_after;  // as far as it is given in seconds
};

// Requests of ours to others. An answer is a status; redirects are not followed, because a POST
// loses its body on most of them. A request may arrive twice, when a connection ends under it. Main
// thread only.
class HttpClient {
 public:
  using Done = std::function<void(const HttpOutcome&)>;

  virtual ~HttpClient() = default;
  // Calls `done` once, from the main loop and never from inside this call; not any more when the
  // client is gone.
  virtual void post(const HttpPost& request, Done done) = 0;
};

// Over libsoup, with certificates checked against the system's and connections kept for the next
// request. A request has `time_limit` in all, whatever its receiver does.
std::unique_ptr<HttpClient> make_http_client(const std::string& user_agent, Duration time_limit);

}  // namespace gstlk::net
