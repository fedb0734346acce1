// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "api/authentication.h"
#include "base/result.h"
#include "livekit/grants.h"
#include "net/http.h"
#include "room/errors.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace gstlk::api {

// Twirp's error codes that are not decisions of room/ beside those that are.
enum class TwirpCode : uint8_t {
  BadRoute,
  DeadlineExceeded,
  AlreadyExists,
  FailedPrecondition,
  Internal,
  InvalidArgument,
  Malformed,
  NotFound,
  ResourceExhausted,
  Unauthenticated,
  Unavailable,
  Unimplemented,
};

struct TwirpError {
  TwirpCode code = TwirpCode::Internal;
  std::string message;
};

Unexpected<TwirpError> twirp_fail(TwirpCode code, std::string message);
// What a missing grant is answered with.
Unexpected<TwirpError> permissions_denied();
TwirpError to_twirp(const room::ApiError& error);

// One method's work on decoded messages. `grants` are those of the caller's token, empty ones
// without a token.
template <class Request, class Response>
using TwirpHandler =
    std::function<Result<Response, TwirpError>(const livekit::Grants& grants, const Request&)>;

// One method with its messages hidden.
using TwirpMethod =
    std::function<net::HttpResponse(const livekit::Grants& grants, const net::HttpRequest&)>;

// Twirp over HTTP, as the LiveKit server SDKs speak it: POST /twirp/livekit.<Service>/<Method> with
// protobuf or JSON, answered in kind; errors are JSON always. Main thread only.
//
// Left out: X-Twirp-Timeout-Ms, because every method here answers at once.
class TwirpServer {
 public:
  explicit TwirpServer(const Authenticator& authenticator);  // which outlives this

  template <class Request, class Response>
  void add(const std::string& service, const std::string& method,
           TwirpHandler<Request, Response> handler) {
    add_method(service, method,
               [handler = std::move(handler)](const livekit::Grants& grants,
                                              const net::HttpRequest& http) -> net::HttpResponse {
                 Request request;
                 if (!read(http, request)) return malformed(http);
                 const Result<Response, TwirpError> response = handler(grants, request);
                 return response ? write(http, *response) : write_error(response.error());
               });
  }
  void add_method(const std::string& service, const std::string& method, TwirpMethod handler);

  net::HttpResponse handle(const net::HttpRequest& request) const;

  static net::HttpResponse write_error(const TwirpError& error);

 private:
  static bool read(const net::HttpRequest& http, google::protobuf::Message& message);
  static net::HttpResponse write(const net::HttpRequest& http,
                                 const google::protobuf::Message& message);
  static net::HttpResponse malformed(const net::HttpRequest& http);

  const Authenticator& authenticator_;
  std::map<std::string, TwirpMethod> methods_;  // by path
};

}  // namespace gstlk::api
