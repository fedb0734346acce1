// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/twirp.h"

#include <google/protobuf/message.h>

#include <string_view>

#include "livekit/json.h"
#include "livekit/messages.h"
#include "room/traffic_log.h"

namespace gstlk::api {
namespace {

struct CodeText {
  const char* word;
  unsigned status;
};

CodeText describe(TwirpCode code) {
  switch (code) {
    case TwirpCode::AlreadyExists:
      return {"already_exists", 409};
    case TwirpCode::BadRoute:
      return {"bad_route", 404};
    case TwirpCode::Canceled:
      return {"canceled", 408};
    case TwirpCode::DeadlineExceeded:
      return {"deadline_exceeded", 408};
    case TwirpCode::FailedPrecondition:
      return {"failed_precondition", 412};
    case TwirpCode::Internal:
      return {"internal", 500};
    case TwirpCode::InvalidArgument:
      return {"invalid_argument", 400};
    case TwirpCode::Malformed:
      return {"malformed", 400};
    case TwirpCode::NotFound:
      return {"not_found", 404};
    case TwirpCode::ResourceExhausted:
      return {"resource_exhausted", 429};
    case TwirpCode::Unauthenticated:
      return {"unauthenticated", 401};
    case TwirpCode::Unavailable:
      return {"unavailable", 503};
    case TwirpCode::Unimplemented:
      return {"unimplemented", 501};
  }
  return {"unknown", 500};
}

TwirpCode from_room(room::ErrorCode code) {
  switch (code) {
    case room::ErrorCode::AlreadyExists:
      return TwirpCode::AlreadyExists;
    case room::ErrorCode::Canceled:
      return TwirpCode::Canceled;
    case room::ErrorCode::DeadlineExceeded:
      return TwirpCode::DeadlineExceeded;
    case room::ErrorCode::FailedPrecondition:
      return TwirpCode::FailedPrecondition;
    case room::ErrorCode::Internal:
      return TwirpCode::Internal;
    case room::ErrorCode::InvalidArgument:
      return TwirpCode::InvalidArgument;
    case room::ErrorCode::Malformed:
      return TwirpCode::Malformed;
    case room::ErrorCode::NotFound:
      return TwirpCode::NotFound;
    case room::ErrorCode::ResourceExhausted:
      return TwirpCode::ResourceExhausted;
    case room::ErrorCode::Unavailable:
      return TwirpCode::Unavailable;
    case room::ErrorCode::Unimplemented:
      return TwirpCode::Unimplemented;
  }
  return TwirpCode::Internal;
}

enum class Encoding : uint8_t { Unknown, Json, Protobuf };

// Of the content type without its parameters: the Node SDK adds a charset.
Encoding encoding_of(const net::HttpRequest& request) {
  std::string_view type = request.header("Content-Type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (net::equal_ignoring_case(type, "application/json")) return Encoding::Json;
  if (net::equal_ignoring_case(type, "application/protobuf")) return Encoding::Protobuf;
  return Encoding::Unknown;
}

net::HttpResponse bad_route(const std::string& why) {
  return TwirpServer::write_error({TwirpCode::BadRoute, why});
}

// Of an answer of write_error(), which begins with it; else empty.
std::string error_word(const net::HttpResponse& response) {
  constexpr std::string_view kBefore = R"({"code":")";
  if (response.status == 200 || !response.body.starts_with(kBefore)) return "";
  const std::string rest = response.body.substr(kBefore.size());
  return rest.substr(0, rest.find('"'));
}

}  // namespace

Unexpected<TwirpError> twirp_fail(TwirpCode code, std::string message) {
  return {TwirpError{code, std::move(message)}};
}

Unexpected<TwirpError> permissions_denied() {
  return twirp_fail(TwirpCode::Unauthenticated, "permissions denied");
}

TwirpError to_twirp(const room::ApiError& error) {
  return {from_room(error.code), error.message, error.argument};
}

TwirpServer::TwirpServer(const Authenticator& authenticator) : authenticator_(authenticator) {}

void TwirpServer::add_method(const std::string& service, const std::string& method,
                             TwirpMethod handler) {
  methods_["/twirp/livekit." + service + "/" + method] = {service, method, std::move(handler)};
}

void TwirpServer::observe(std::function<Timestamp()> now,
                          std::function<void(const TwirpAnswer&)> tell) {
  now_ = std::move(now);
  tell_ = std::move(tell);
}

// `entry` is null for a request to no method. An answer may come when this is gone.
net::HttpReply TwirpServer::observed(const Entry* entry, const net::HttpReply& reply) const {
  TwirpAnswer answer;
  if (entry) {
    answer.service = entry->service;
    answer.method = entry->method;
  }
  const Timestamp start = now_ ? now_() : Timestamp{};
  return [answer, reply, start, now = now_, tell = tell_](net::HttpResponse response) mutable {
    if (!answer.method.empty() && response.status == 200)
      LOG_DEBUG(room::log_traffic, "twirp %s/%s", answer.service.c_str(), answer.method.c_str());
    answer.status = response.status;
    answer.error = error_word(response);
    if (now) answer.took = now() - start;
    if (tell) tell(answer);
    reply(std::move(response));
  };
}

void TwirpServer::handle(const net::HttpRequest& request, const net::HttpReply& reply) const {
  Result<std::optional<livekit::Claims>, net::HttpResponse> claims =
      authenticator_.authenticate(request);
  if (!claims) return reply(claims.error());
  const auto found = methods_.find(request.path);
  const Entry* entry = found == methods_.end() ? nullptr : &found->second;
  const net::HttpReply answer = observed(entry, reply);
  if (request.method != "POST") {
    return answer(
        bad_route("unsupported method \"" + request.method + "\" (only POST is allowed)"));
  }
  if (!entry) return answer(bad_route("no handler for path \"" + request.path + "\""));
  if (encoding_of(request) == Encoding::Unknown) {
    return answer(bad_route("unexpected Content-Type: \"" +
                            std::string(request.header("Content-Type")) + "\""));
  }
  entry->handler(*claims ? (*claims)->grants : livekit::Grants(), request, answer);
}

bool TwirpServer::is_json(const net::HttpRequest& http) {
  return encoding_of(http) == Encoding::Json;
}

bool TwirpServer::read(const net::HttpRequest& http, google::protobuf::Message& message) {
  if (!is_json(http)) {
    return livekit::from_protobuf(as_bytes(http.body), message);
  }
  return static_cast<bool>(livekit::from_json(http.body, message));
}

net::HttpResponse TwirpServer::write(const google::protobuf::Message& message, bool json) {
  net::HttpResponse response;
  if (!json) {
    response.content_type = "application/protobuf";
    response.body = message.SerializeAsString();
  } else {
    response.content_type = "application/json";
    response.body = livekit::to_api_json(message);
  }
  return response;
}

net::HttpResponse TwirpServer::malformed(const net::HttpRequest& http) {
  return write_error({TwirpCode::Malformed, std::string("the ") +
                                                (is_json(http) ? "json" : "protobuf") +
                                                " request could not be decoded"});
}

net::HttpResponse TwirpServer::write_error(const TwirpError& error) {
  const CodeText code = describe(error.code);
  JsonObject* object = json_object_new();
  json_object_set_string_member(object, "code", code.word);
  // What a client sent may be in it, and JSON is UTF-8.
  char* message =
      g_utf8_make_valid(error.message.data(), static_cast<gssize>(error.message.size()));
  json_object_set_string_member(object, "msg", message);
  g_free(message);
  if (!error.argument.empty()) {
    JsonObject* meta = json_object_new();
    json_object_set_string_member(meta, "argument", error.argument.c_str());
    json_object_set_object_member(object, "meta", meta);
  }
  const livekit::JsonPtr node(json_node_new(JSON_NODE_OBJECT));
  json_node_take_object(node.get(), object);
  net::HttpResponse response;
  response.status = code.status;
  // The Node SDK compares the whole header.
  response.content_type = "application/json";
  response.body = livekit::print_json(node.get());
  return response;
}

}  // namespace gstlk::api
