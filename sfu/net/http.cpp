// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/http.h"

#include <algorithm>
#include <cctype>

namespace gstlk::net {
namespace {

char to_lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = to_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string decode_form(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
               hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Whether a comma-separated header has `token` among its elements.
bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (equal_ignoring_case(trim(list.substr(0, comma)), token)) return true;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return false;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, to_lower, to_lower);
}

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return {};
}

std::string HttpRequest::list_header(std::string_view name) const {
  std::string list;
  for (const auto& [key, value] : headers) {
    if (!equal_ignoring_case(key, name)) continue;
    if (!list.empty()) list += ", ";
    list += value;
  }
  return list;
}

std::string_view HttpRequest::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return {};
}

std::string HttpRequest::client_address() const {
  for (const char* name : {"CF-Connecting-IP", "X-Forwarded-For", "X-Real-IP"}) {
    const std::string_view value = header(name);
    // A chain of proxies appends: the client is the first.
    if (!value.empty()) return std::string(trim(value.substr(0, value.find(','))));
  }
  return remote_address;
}

bool HttpRequest::is_websocket_upgrade() const {
  return method == "GET" && has_token(header("Upgrade"), "websocket") &&
         has_token(header("Connection"), "upgrade") && header("Sec-WebSocket-Version") == "13" &&
         header("Sec-WebSocket-Key").size() == 24;
}

HttpResponse plain_text(unsigned status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(text);
  return response;
}

HttpResponse not_found() { return plain_text(404, "404 page not found"); }

Query parse_query(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    query.emplace_back(
        decode_form(pair.substr(0, equals)),
        equals == std::string_view::npos ? std::string() : decode_form(pair.substr(equals + 1)));
  }
  return query;
}

bool is_preflight(const HttpRequest& request) {
  return request.method == "OPTIONS" && !request.header("Origin").empty() &&
         !request.header("Access-Control-Request-Method").empty();
}

bool is_of_own_page(const HttpRequest& request) {
  const std::string_view origin = request.header("Origin");
  if (origin.empty()) return true;
  const std::string host(request.header("Host"));
  return !host.empty() && (equal_ignoring_case(origin, "http://" + host) ||
                           equal_ignoring_case(origin, "https://" + host));
}

Headers cors_headers(const HttpRequest& request) {
  Headers headers{{"Vary", "Origin"}};
  const std::string_view origin = request.header("Origin");
  if (origin.empty()) return headers;
  headers.emplace_back("Access-Control-Allow-Origin", origin);
  if (!is_preflight(request)) {
    headers.emplace_back("Access-Control-Expose-Headers", "*");
    return headers;
  }
  headers.emplace_back("Access-Control-Allow-Methods", "OPTIONS, HEAD, GET, POST, PATCH, DELETE");
  const std::string_view wanted = request.header("Access-Control-Request-Headers");
  if (!wanted.empty()) headers.emplace_back("Access-Control-Allow-Headers", wanted);
  headers.emplace_back("Access-Control-Max-Age", "86400");
  return headers;
}

}  // namespace gstlk::net
