// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/front_page.h"

#include <gio/gio.h>

#include <string_view>
#include <utility>

#include "base/ref.h"
#include "base/time.h"
#include "livekit/json.h"

namespace gstlk::api {
namespace {

constexpr std::string_view kAssets = "/assets/";
constexpr auto kDevelopmentTokenLifetime = 6h;

bool is_read(const net::HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

std::string or_else(std::string_view text, const char* otherwise) {
  return std::string(text.empty() ? otherwise : text);
}

}  // namespace

FrontPage::FrontPage(const Authenticator& authenticator, UnixClock clock, net::StaticFiles files,
                     DevelopmentTokens tokens)
    : authenticator_(authenticator),
      clock_(std::move(clock)),
      files_(std::move(files)),
      tokens_(tokens) {}

void FrontPage::add_to(net::HttpServer& server) {
  for (const char* path : {"/", "/assets/*", "/dev/token"}) {
    server.add_handler(path, [this](const net::HttpRequest& request) { return answer(request); });
  }
  add_health_to(server);
}

void FrontPage::add_health_to(net::HttpServer& server) {
  for (const char* path : {"/health", "/healthz", "/readyz"}) {
    server.add_handler(path, [this](const net::HttpRequest& request) { return answer(request); });
  }
}

net::HttpResponse FrontPage::answer(const net::HttpRequest& request) const {
  if (!is_read(request)) return net::not_found();
  if (request.path == "/") return root(request);
  if (request.path.starts_with(kAssets)) return files_.get(request.path.substr(1));
  if (request.path != "/dev/token") return health();
  return gives_token_to(request) ? development_token(request) : net::not_found();
}

bool FrontPage::gives_token_to(const net::HttpRequest& request) const {
  if (tokens_ != DevelopmentTokens::ForThisMachine)
    return tokens_ == DevelopmentTokens::ForEverybody;
  const auto address =
      Ref<GInetAddress>::adopt(g_inet_address_new_from_string(request.remote_address.c_str()));
  return address && g_inet_address_get_is_loopback(address.get());
}

net::HttpResponse FrontPage::root(const net::HttpRequest& request) const {
  const bool is_browser = request.header("Accept").find("text/html") != std::string_view::npos;
  if (request.method == "GET" && is_browser && files_.has_index()) return files_.get("index.html");
  return health();
}

net::HttpResponse FrontPage::health() const {
  return draining_ ? net::plain_text(406, "Not Ready: shutting down") : net::plain_text(200, "OK");
}

net::HttpResponse FrontPage::development_token(const net::HttpRequest& request) const {
  livekit::Claims claims;
  claims.expires_at = clock_() + kDevelopmentTokenLifetime;
  claims.grants.identity = or_else(request.parameter("identity"), "guest");
  claims.grants.name = request.parameter("name");
  livekit::VideoGrant& video = claims.grants.video.emplace();
  video.room = or_else(request.parameter("room"), "room");
  if (request.parameter("admin") == "1") {
    // Whatever page the developer looks at could ask.
    if (!net::is_of_own_page(request)) return net::plain_text(403, "origin not allowed");
    video.room_list = true;
    video.room_admin = true;
  } else {
    video.room_join = true;
    video.can_update_own_metadata = true;
  }

  JsonObject* object = json_object_new();
  json_object_set_string_member(object, "token", authenticator_.sign(std::move(claims)).c_str());
  const livekit::JsonPtr node(json_node_new(JSON_NODE_OBJECT));
  json_node_take_object(node.get(), object);
  net::HttpResponse response;
  response.content_type = "application/json";
  response.headers = {{"Cache-Control", "no-store"}};
  response.body = livekit::print_json(node.get());
  return response;
}

}  // namespace gstlk::api
