// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// An HTTP exchange as values: what answers requests sees no library and no socket.
namespace gstlk::net {

// Decoded name and value pairs in the order they came; repeated and empty names are harmless.
using Query = std::vector<std::pair<std::string, std::string>>;
using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;
  std::string path;  // percent-encoded as it came, a leading "//" collapsed
  Query query;
  Headers headers;
  std::string body;
  std::string remote_address;

  // The first header of that name in any case, or empty.
  std::string_view header(std::string_view name) const;
  // All headers of that name, as the list that they are one of (RFC 9110, section 5.3).
  std::string list_header(std::string_view name) const;
  // The first parameter of that name, or empty.
  std::string_view parameter(std::string_view name) const;
  // As proxies tell it: CF-Connecting-IP, X-Forwarded-For, X-Real-IP, then the socket.
  std::string client_address() const;
  // A complete WebSocket handshake, RFC 6455 section 4.2.1.
  bool is_websocket_upgrade() const;
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  Headers headers;
};

HttpResponse plain_text(unsigned status, std::string text);
HttpResponse not_found();

// application/x-www-form-urlencoded; an invalid percent escape stays as it is.
Query parse_query(std::string_view text);

// What the CORS protocol of the Fetch standard lets a page of any origin see. `preflight` answers
// OPTIONS itself.
bool is_preflight(const HttpRequest& request);
Headers cors_headers(const HttpRequest& request);

// Of a program, or of a page that this server, by the name it was called, has sent.
bool is_of_own_page(const HttpRequest& request);

// Two names of headers are the same in any case.
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace gstlk::net
