// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <optional>

#include "base/result.h"
#include "livekit/access_token.h"
#include "net/http.h"

namespace gstlk::api {

// The wall clock; tests give their own.
using UnixClock = std::function<livekit::UnixTime()>;

// Who is asking: the token of the Authorization header, or else of the parameter access_token.
// nullopt when there is none, which whoever answers turns into "permissions denied" where it
// matters. The error is LiveKit's plain 401.
class Authenticator {
 public:
  Authenticator(livekit::ApiKeys keys, UnixClock clock);

  Result<std::optional<livekit::Claims>, net::HttpResponse> authenticate(
      const net::HttpRequest& request) const;

  // A token signed with the first of the keys, whose name it gets as issuer. It lives as long as
  // `claims` say, at least ten minutes from now.
  std::string sign(livekit::Claims claims) const;
  // Signed with that key, for as long as `claims` say; empty when it is none of ours.
  std::string sign_as(const std::string& key, livekit::Claims claims) const;

 private:
  livekit::ApiKeys keys_;
  UnixClock clock_;
};

}  // namespace gstlk::api
