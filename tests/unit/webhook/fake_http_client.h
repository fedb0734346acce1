// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <deque>
#include <utility>

#include "net/http_client.h"

namespace gstlk::net {

// Keeps what it is asked to send until a test answers.
class FakeHttpClient : public HttpClient {
 public:
  void post(const HttpPost& request, Done done) override {
    pending.emplace_back(request, std::move(done));
  }
  // Of the oldest request.
  void answer(const HttpOutcome& outcome) {
    const Done done = std::move(pending.front().second);
    pending.pop_front();
    done(outcome);
  }
  void answer(unsigned status) { answer(HttpOutcome{.status = status}); }
  const HttpPost& first() const { return pending.front().first; }

  std::deque<std::pair<HttpPost, Done>> pending;
};

}  // namespace gstlk::net
