// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/gate.h"

#include <algorithm>
#include <ranges>
#include <string_view>
#include <utility>

#include "base/ref.h"

namespace gstlk::api {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), g_ascii_tolower);
  return result;
}

bool matches(const std::string& pattern, const std::string& origin) {
  const size_t star = pattern.find("://*.");
  if (star == std::string::npos) return origin == pattern;
  const std::string_view scheme = std::string_view(pattern).substr(0, star + 3);
  const std::string_view domain = std::string_view(pattern).substr(star + 4);  // ".example.org"
  return origin.size() > scheme.size() + domain.size() && origin.starts_with(scheme) &&
         origin.ends_with(domain);
}

bool is_in(const std::string& network, GInetAddress* address) {
  const auto mask =
      Ref<GInetAddressMask>::adopt(g_inet_address_mask_new_from_string(network.c_str(), nullptr));
  return mask && g_inet_address_mask_matches(mask.get(), address);
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

net::HttpResponse wait(const net::HttpRequest& request, const char* what, Duration duration) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(duration);
  const std::string text = std::to_string(std::max<int64_t>(seconds.count(), 1));
  net::HttpResponse response = net::plain_text(
      429, std::string("too many ") + what + " from your address; try again in " + text + " s");
  // A page shall be able to read it.
  response.headers = net::cors_headers(request);
  response.headers.emplace_back("Retry-After", text);
  return response;
}

bool is_join(const net::HttpRequest& request) {
  return (request.path == "/rtc" || request.path == "/rtc/v1") && request.is_websocket_upgrade();
}

bool is_about_join(const net::HttpRequest& request) {
  return request.path == "/rtc/validate" || request.path == "/rtc/v1/validate";
}

// As proxies write it: "192.0.2.1", "192.0.2.1:5678", "2001:db8::1", "[2001:db8::1]:5678".
Ref<GInetAddress> parse_address(std::string_view text) {
  const size_t colon = text.find(':');
  if (text.starts_with('[')) {
    text = text.substr(1, text.find(']') - 1);
  } else if (colon != std::string_view::npos && text.rfind(':') == colon) {
    text = text.substr(0, colon);
  }
  // IPv4 that came over an IPv6 socket is IPv4.
  constexpr std::string_view kMapped = "::ffff:";
  if (lower(text.substr(0, kMapped.size())) == kMapped && text.find('.') != std::string_view::npos)
    text.remove_prefix(kMapped.size());
  return Ref<GInetAddress>::adopt(g_inet_address_new_from_string(std::string(text).c_str()));
}

std::string print_address(GInetAddress* address) {
  gchar* text = g_inet_address_to_string(address);
  std::string result = text;
  g_free(text);
  return result;
}

// What works for whoever asks, and costs.
bool is_api(const net::HttpRequest& request) {
  return request.path.starts_with("/twirp/") || request.path.starts_with("/admin/rooms") ||
         request.path.ends_with("/validate") || request.path == "/agent" ||
         request.path == "/metrics";
}

}  // namespace

Gate::Gate(GateSettings settings, Clock clock)
    : settings_(std::move(settings)), clock_(std::move(clock)) {
  const uint64_t joins = settings_.joins_per_minute;
  // A class that comes in together, behind one address.
  if (joins != 0) joins_.emplace(joins, joins);
  const uint64_t requests = settings_.api_requests_per_second;
  if (requests != 0) requests_.emplace(60 * requests, 2 * requests);
}

std::optional<net::HttpResponse> Gate::refuse(const net::HttpRequest& request) {
  if (!is_allowed_origin(request)) return net::plain_text(403, "origin not allowed");
  if (net::is_preflight(request)) return std::nullopt;
  const Timestamp now = clock_();
  if (joins_ && is_join(request)) {
    if (const auto time = joins_->refuse(address_of(request), now))
      return wait(request, "joins", *time);
  } else if (joins_ && is_about_join(request)) {
    if (const auto time = joins_->would_refuse(address_of(request), now))
      return wait(request, "joins", *time);
  }
  if (requests_ && is_api(request)) {
    if (const auto time = requests_->refuse(address_of(request), now))
      return wait(request, "requests", *time);
  }
  return std::nullopt;
}

// Only browsers say where a page is from, and they always do where it matters.
bool Gate::is_allowed_origin(const net::HttpRequest& request) const {
  if (settings_.allowed_origins.empty()) return true;
  if (net::is_of_own_page(request)) return true;
  const std::string origin = lower(request.header("Origin"));
  return std::ranges::any_of(settings_.allowed_origins, [&](const std::string& pattern) {
    return matches(lower(pattern), origin);
  });
}

// Every proxy appends whom it got the request from; what stands before the first that is not ours
// may be invented.
std::string Gate::address_of(const net::HttpRequest& request) const {
  auto address = parse_address(request.remote_address);
  if (!address || !is_proxy(address.get())) return request.remote_address;
  const std::string list = request.list_header("X-Forwarded-For");
  std::string_view chain = list;
  while (!chain.empty()) {
    const size_t comma = chain.rfind(',');
    const size_t start = comma == std::string_view::npos ? 0 : comma + 1;
    auto before = parse_address(trim(chain.substr(start)));
    if (!before) break;
    address = std::move(before);
    if (!is_proxy(address.get())) break;
    chain = chain.substr(0, comma == std::string_view::npos ? 0 : comma);
  }
  return print_address(address.get());
}

bool Gate::is_proxy(GInetAddress* address) const {
  if (settings_.trusted_proxies.empty()) return g_inet_address_get_is_loopback(address);
  return std::ranges::any_of(settings_.trusted_proxies,
                             [&](const std::string& network) { return is_in(network, address); });
}

}  // namespace gstlk::api
