// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/metrics_page.h"

#include <openssl/crypto.h>
#include <strings.h>

#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "livekit/base64.h"

namespace gstlk::api {
namespace {

constexpr std::string_view kBasic = "Basic ";
constexpr Duration kReuse = 1s;

std::string expected_credentials(const std::string& username, const std::string& password) {
  if (username.empty() && password.empty()) return {};
  return livekit::encode_base64(as_bytes(username + ":" + password));
}

bool knows(std::string_view header, const std::string& expected) {
  if (header.size() != kBasic.size() + expected.size()) return false;
  if (strncasecmp(header.data(), kBasic.data(), kBasic.size()) != 0) return false;
  return CRYPTO_memcmp(header.data() + kBasic.size(), expected.data(), expected.size()) == 0;
}

}  // namespace

MetricsPage::MetricsPage(std::string username, std::string password,
                         std::function<std::string()> print, Clock clock)
    : expected_(expected_credentials(username, password)),
      print_(std::move(print)),
      clock_(std::move(clock)) {}

void MetricsPage::add_to(net::HttpServer& server) {
  server.add_handler("/metrics",
                     [this](const net::HttpRequest& request) { return answer(request); });
}

void MetricsPage::add_everywhere_to(net::HttpServer& server) {
  server.add_handler("*", [this](const net::HttpRequest& request) { return answer(request); });
}

net::HttpResponse MetricsPage::answer(const net::HttpRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") return net::not_found();
  if (!expected_.empty() && !knows(request.header("Authorization"), expected_)) {
    net::HttpResponse response = net::plain_text(401, "Unauthorized");
    response.headers = {{"WWW-Authenticate", "Basic realm=\"metrics\""}};
    return response;
  }
  const Timestamp now = clock_();
  if (!printed_at_ || now - *printed_at_ >= kReuse) {
    printed_ = print_();
    printed_at_ = now;
  }
  net::HttpResponse response = net::plain_text(200, printed_);
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

}  // namespace gstlk::api
