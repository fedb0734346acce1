// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "api/authentication.h"
#include "base/result.h"
#include "base/time.h"
#include "livekit/grants.h"
#include "net/http_server.h"
#include "room/errors.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace gstlk::api {

// Twirp's error codes that are not decisions of room/ beside those that are.
enum class TwirpCode : uint8_t {
  BadRoute,
  Canceled,
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
  std::string argument = {};  // "argument" of its "meta"
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

// One whose answer comes now or later, once. `http` is what the message came in.
template <class Response>
using TwirpReply = std::function<void(Result<Response, TwirpError> response)>;
template <class Request, class Response>
using AsyncTwirpHandler =
    std::function<void(const livekit::Grants& grants, const Request& request,
                       const net::HttpRequest& http, TwirpReply<Response> reply)>;

// One method with its messages hidden.
using TwirpMethod = std::function<void(const livekit::Grants& grants, const net::HttpRequest& http,
                                       net::HttpReply reply)>;

// For those who count. Of a request to no method both names are empty.
struct TwirpAnswer {
  std::string service;
  std::string method;
  unsigned status = 200;
  std::string error;  // Twirp's word for it; empty: none
  Duration took{};
};

// Twirp over HTTP, as the LiveKit server SDKs speak it: POST /twirp/livekit.<Service>/<Method> with
// protobuf or JSON, answered in kind; errors are JSON always. Main thread only.
//
// Left out: X-Twirp-Timeout-Ms. All but PerformRpc answer at once, and that has a limit of its own.
class TwirpServer {
 public:
  explicit TwirpServer(const Authenticator& authenticator);  // which outlives this

  template <class Request, class Response>
  void add(const std::string& service, const std::string& method,
           TwirpHandler<Request, Response> handler) {
    add_async<Request, Response>(
        service, method,
        [handler = std::move(handler)](const livekit::Grants& grants, const Request& request,
                                       const net::HttpRequest&,
                                       const auto& reply) { reply(handler(grants, request)); });
  }
  template <class Request, class Response>
  void add_async(const std::string& service, const std::string& method,
                 AsyncTwirpHandler<Request, Response> handler) {
    add_method(
        service, method,
        [handler = std::move(handler)](const livekit::Grants& grants, const net::HttpRequest& http,
                                       const net::HttpReply& reply) {
          Request request;
          if (!read(http, request)) return reply(malformed(http));
          handler(grants, request, http,
                  [reply, json = is_json(http)](const Result<Response, TwirpError>& result) {
                    reply(result ? write(*result, json) : write_error(result.error()));
                  });
        });
  }
  void add_method(const std::string& service, const std::string& method, TwirpMethod handler);

  // `tell` hears of every answer to who was let in, and how long it took by `now`. An answer may
  // come when this is gone.
  void observe(std::function<Timestamp()> now, std::function<void(const TwirpAnswer&)> tell);

  void handle(const net::HttpRequest& request, const net::HttpReply& reply) const;

  static net::HttpResponse write_error(const TwirpError& error);

 private:
  struct Entry {
    std::string service;
    std::string method;
    TwirpMethod handler;
  };

  net::HttpReply observed(const Entry* entry, const net::HttpReply& reply) const;
  static bool read(const net::HttpRequest& http, google::protobuf::Message& message);
  static bool is_json(const net::HttpRequest& http);
  static net::HttpResponse write(const google::protobuf::Message& message, bool json);
  static net::HttpResponse malformed(const net::HttpRequest& http);

  const Authenticator& authenticator_;
  std::map<std::string, Entry> methods_;  // by path
  std::function<Timestamp()> now_;
  std::function<void(const TwirpAnswer&)> tell_;
};

}  // namespace gstlk::api
