// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/admin_service.h"

#include <glib.h>

#include <string_view>
#include <utility>

namespace gstlk::api {
namespace {

constexpr std::string_view kRoot = "/admin/";
constexpr std::string_view kRooms = "/admin/rooms";
// The page needs nothing from anywhere else, and nobody puts it into a frame.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' "
    "data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

net::HttpResponse with_type(const char* content_type, std::string body) {
  net::HttpResponse response;
  response.content_type = content_type;
  response.body = std::move(body);
  response.headers = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
  return response;
}

net::HttpResponse permissions_denied() {
  net::HttpResponse response = net::plain_text(401, "permissions denied");
  response.headers = {{"WWW-Authenticate", "Bearer"}};
  return response;
}

// nullopt for an escape that is none, or of a NUL.
std::optional<std::string> unescape(std::string_view segment) {
  char* text = g_uri_unescape_segment(segment.data(), segment.data() + segment.size(), nullptr);
  if (!text) return std::nullopt;
  std::string result(text);
  g_free(text);
  return result;
}

}  // namespace

AdminService::AdminService(const Authenticator& authenticator, net::StaticFiles page,
                           AdminStatistics statistics)
    : authenticator_(authenticator), page_(std::move(page)), statistics_(std::move(statistics)) {}

void AdminService::add_to(net::HttpServer& server) {
  for (const char* path : {"/admin", "/admin/*"}) {
    server.add_handler(path, [this](const net::HttpRequest& request) { return answer(request); });
  }
}

net::HttpResponse AdminService::answer(const net::HttpRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") return net::not_found();
  const bool is_data = request.path == kRooms || request.path.starts_with("/admin/rooms/");
  return is_data ? statistics(request) : page_file(request);
}

net::HttpResponse AdminService::page_file(const net::HttpRequest& request) const {
  if (request.path == "/admin") {
    net::HttpResponse response = net::plain_text(308, "");
    // Relative, for who reaches us below another path.
    response.headers = {{"Location", "admin/"}};
    return response;
  }
  const std::string name = request.path.substr(kRoot.size());
  net::HttpResponse response = page_.get(name.empty() ? "index.html" : name);
  response.headers.emplace_back("Content-Security-Policy", kPolicy);
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  return response;
}

net::HttpResponse AdminService::statistics(const net::HttpRequest& request) const {
  const auto claims = authenticator_.authenticate(request);
  if (!claims) return claims.error();
  if (!*claims || !(*claims)->grants.video) return permissions_denied();
  if (request.path != kRooms)
    return of_room((*claims)->grants, request.path.substr(kRooms.size() + 1));
  if (!(*claims)->grants.video->room_list) return permissions_denied();
  return with_type("application/json", statistics_.rooms());
}

net::HttpResponse AdminService::of_room(const livekit::Grants& grants,
                                        const std::string& path) const {
  const size_t slash = path.find('/');
  const auto name = unescape(std::string_view(path).substr(0, slash));
  const std::string what = slash == std::string::npos ? "" : path.substr(slash + 1);
  if (!name || name->empty()) return net::not_found();
  if (!grants.video->may_administer(*name)) return permissions_denied();
  struct Entry {
    const char* what;
    const AdminStatistics::OfRoom& print;
    const char* content_type;
  };
  const auto& room = grants.video->room_list ? statistics_.room_with_addresses : statistics_.room;
  for (const Entry& entry : {Entry{"", room, "application/json"},
                             Entry{"pipeline", statistics_.pipeline, "application/json"},
                             Entry{"pipeline.dot", statistics_.dot, "text/vnd.graphviz"}}) {
    if (what != entry.what) continue;
    auto text = entry.print(RoomName(*name));
    if (!text) return net::plain_text(404, "requested room does not exist");
    return with_type(entry.content_type, std::move(*text));
  }
  return net::not_found();
}

}  // namespace gstlk::api
