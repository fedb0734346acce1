// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/gate.h"

#include <gio/gio.h>

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

// What works for whoever asks, and costs.
bool is_api(const net::HttpRequest& request) {
  return request.path.starts_with("/twirp/") || request.path.starts_with("/admin/rooms") ||
         request.path.ends_with("/validate") || request.path == "/agent";
}

}  // namespace

Gate::Gate(GateSettings settings, Clock clock)
    : settings_(std::move(settings)), clock_(std::move(clock)) {
  // A page that is loaded again and again by somebody impatient is no flood.
  constexpr uint64_t kLeastBurst = 5;
  const uint64_t joins = settings_.joins_per_minute;
  if (joins != 0) joins_.emplace(joins, std::max(joins / 6, std::min(joins, kLeastBurst)));
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
  } else if (requests_ && is_api(request)) {
    if (const auto time = requests_->refuse(address_of(request), now))
      return wait(request, "requests", *time);
  }
  return std::nullopt;
}

// Only browsers say where a page is from, and they always do where it matters.
bool Gate::is_allowed_origin(const net::HttpRequest& request) const {
  if (settings_.allowed_origins.empty()) return true;
  const std::string origin = lower(request.header("Origin"));
  if (origin.empty()) return true;
  // Our own page.
  const std::string host = lower(request.header("Host"));
  if (!host.empty() && (origin == "http://" + host || origin == "https://" + host)) return true;
  return std::ranges::any_of(settings_.allowed_origins, [&](const std::string& pattern) {
    return matches(lower(pattern), origin);
  });
}

// Every proxy appends whom it got the request from; what stands before the first that is not ours
// may be invented.
std::string Gate::address_of(const net::HttpRequest& request) const {
  std::string address = request.remote_address;
  if (!is_proxy(address)) return address;
  std::string_view chain = request.header("X-Forwarded-For");
  while (!chain.empty()) {
    const size_t comma = chain.rfind(',');
    const size_t start = comma == std::string_view::npos ? 0 : comma + 1;
    address = trim(chain.substr(start));
    if (!is_proxy(address)) break;
    chain = chain.substr(0, comma == std::string_view::npos ? 0 : comma);
  }
  return address;
}

bool Gate::is_proxy(const std::string& address) const {
  const auto parsed = Ref<GInetAddress>::adopt(g_inet_address_new_from_string(address.c_str()));
  if (!parsed) return false;
  return g_inet_address_get_is_loopback(parsed.get()) ||
         std::ranges::any_of(settings_.trusted_proxies, [&](const std::string& network) {
           return is_in(network, parsed.get());
         });
}

}  // namespace gstlk::api
