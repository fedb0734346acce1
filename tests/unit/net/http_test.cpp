// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/http.h"

#include <gtest/gtest.h>

namespace gstlk::net {
namespace {

using Pair = std::pair<std::string, std::string>;

std::string find(const Headers& headers, const std::string& name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "(absent)";
}

TEST(ParseQuery, ReadsPairsInOrder) {
  EXPECT_EQ(parse_query("a=1&b=two"), (Query{Pair{"a", "1"}, Pair{"b", "two"}}));
}

TEST(ParseQuery, ToleratesEmptyPairsAndMissingValues) {
  // The Go SDK sends an empty pair in the middle.
  EXPECT_EQ(parse_query("protocol=17&&sdk=go&flag&=x&"),
            (Query{Pair{"protocol", "17"}, Pair{"sdk", "go"}, Pair{"flag", ""}, Pair{"", "x"}}));
  EXPECT_EQ(parse_query(""), Query{});
}

TEST(ParseQuery, DecodesEscapesAndKeepsBrokenOnes) {
  EXPECT_EQ(parse_query("a=x%3D%3d+y&b=%&c=%4&d=%zz&e=a=b"),
            (Query{Pair{"a", "x== y"}, Pair{"b", "%"}, Pair{"c", "%4"}, Pair{"d", "%zz"},
                   Pair{"e", "a=b"}}));
}

TEST(HttpRequest, FindsHeadersInAnyCase) {
  HttpRequest request;
  request.headers = {{"authorization", "Bearer x"}};
  EXPECT_EQ(request.header("Authorization"), "Bearer x");
  EXPECT_EQ(request.header("Auth"), "");
}

TEST(HttpRequest, TheClientIsWhoTheProxyNames) {
  HttpRequest request;
  request.remote_address = "10.0.0.1";
  EXPECT_EQ(request.client_address(), "10.0.0.1");
  request.headers = {{"X-Real-IP", "1.1.1.1"}, {"X-Forwarded-For", "2.2.2.2, 10.0.0.9"}};
  EXPECT_EQ(request.client_address(), "2.2.2.2");
  request.headers.emplace_back("cf-connecting-ip", "3.3.3.3");
  EXPECT_EQ(request.client_address(), "3.3.3.3");
}

TEST(HttpRequest, KnowsACompleteHandshake) {
  HttpRequest request;
  request.method = "GET";
  request.headers = {{"Upgrade", "WebSocket"},
                     {"Connection", "keep-alive, Upgrade"},
                     {"Sec-WebSocket-Version", "13"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  EXPECT_TRUE(request.is_websocket_upgrade());
  for (size_t i = 0; i < request.headers.size(); i++) {
    HttpRequest incomplete = request;
    incomplete.headers.erase(incomplete.headers.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(incomplete.is_websocket_upgrade()) << request.headers[i].first;
  }
}

TEST(Cors, ReflectsAnyOrigin) {
  HttpRequest request;
  request.method = "GET";
  request.headers = {{"Origin", "https://example.org"}};
  const Headers headers = cors_headers(request);
  EXPECT_EQ(find(headers, "Access-Control-Allow-Origin"), "https://example.org");
  EXPECT_EQ(find(headers, "Access-Control-Expose-Headers"), "*");
  EXPECT_EQ(find(headers, "Vary"), "Origin");
}

TEST(Cors, APreflightMayUseEveryMethodAndHeader) {
  HttpRequest request;
  request.method = "OPTIONS";
  request.headers = {{"Origin", "null"},
                     {"Access-Control-Request-Method", "POST"},
                     {"Access-Control-Request-Headers", "authorization,x-twirp"}};
  ASSERT_TRUE(is_preflight(request));
  const Headers headers = cors_headers(request);
  EXPECT_EQ(find(headers, "Access-Control-Allow-Headers"), "authorization,x-twirp");
  EXPECT_NE(find(headers, "Access-Control-Allow-Methods").find("DELETE"), std::string::npos);
  EXPECT_EQ(find(headers, "Access-Control-Max-Age"), "86400");
}

TEST(Cors, SaysNothingToWhoIsNoPage) {
  EXPECT_EQ(find(cors_headers(HttpRequest()), "Access-Control-Allow-Origin"), "(absent)");
}

}  // namespace
}  // namespace gstlk::net
