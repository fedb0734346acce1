// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/gate.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gstlk::api {
namespace {

class GateTest : public testing::Test {
 protected:
  Gate gate(GateSettings settings) {
    return {std::move(settings), [this] { return now_; }};
  }
  static net::HttpRequest request(const std::string& path, net::Headers headers = {}) {
    net::HttpRequest request;
    request.method = "GET";
    request.path = path;
    request.headers = std::move(headers);
    request.remote_address = "192.0.2.1";
    return request;
  }
  static net::HttpRequest join(net::Headers headers = {}) {
    headers.insert(headers.end(), {{"Upgrade", "websocket"},
                                   {"Connection", "Upgrade"},
                                   {"Sec-WebSocket-Version", "13"},
                                   {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}});
    return request("/rtc/v1", std::move(headers));
  }
  static unsigned status(Gate& gate, const net::HttpRequest& request) {
    const auto refused = gate.refuse(request);
    return refused ? refused->status : 0;
  }

  Timestamp now_{1000s};
};

TEST_F(GateTest, PagesOfOtherOriginsGetNothing) {
  Gate gate = this->gate({.allowed_origins = {"https://app.example.org", "https://*.example.net"}});
  const auto from = [&](const char* origin) {
    return status(gate, join({{"Origin", origin}, {"Host", "sfu.example.org:7880"}}));
  };
  EXPECT_EQ(from("https://app.example.org"), 0u);
  EXPECT_EQ(from("HTTPS://APP.example.org"), 0u);
  EXPECT_EQ(from("https://a.example.net"), 0u);
  EXPECT_EQ(from("https://a.b.example.net"), 0u);
  EXPECT_EQ(from("https://sfu.example.org:7880"), 0u);  // our own page
  for (const char* other :
       {"http://app.example.org", "https://app.example.org.evil.com", "https://example.net",
        "https://evilexample.net", "https://app.example.org:8443", "null", "https://evil.com"}) {
    EXPECT_EQ(from(other), 403u) << other;
  }
  // Programs have no origin.
  EXPECT_EQ(status(gate, join()), 0u);
  const auto refused = gate.refuse(request("/rtc/validate", {{"Origin", "https://evil.com"}}));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->body, "origin not allowed");
  EXPECT_TRUE(refused->headers.empty());
}

TEST_F(GateTest, WithoutOriginsEveryPageMayCome) {
  Gate gate = this->gate({});
  EXPECT_EQ(status(gate, join({{"Origin", "https://evil.com"}})), 0u);
}

TEST_F(GateTest, WhoJoinsTooOftenIsToldHowLongToWait) {
  Gate gate = this->gate({.joins_per_minute = 6});
  for (int i = 0; i < 6; ++i) EXPECT_EQ(status(gate, join()), 0u);
  const auto refused = gate.refuse(join({{"Origin", "https://a.org"}}));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 429u);
  EXPECT_EQ(refused->body, "too many joins from your address; try again in 10 s");
  EXPECT_NE(
      std::ranges::find(refused->headers, std::pair<std::string, std::string>("Retry-After", "10")),
      refused->headers.end());
  // The page may read it.
  EXPECT_NE(
      std::ranges::find(refused->headers, std::pair<std::string, std::string>(
                                              "Access-Control-Allow-Origin", "https://a.org")),
      refused->headers.end());
  EXPECT_EQ(status(gate, request("/")), 0u);
  // What a client asks when its WebSocket has failed.
  EXPECT_EQ(status(gate, request("/rtc/v1/validate")), 429u);
  now_ += 10s;
  EXPECT_EQ(status(gate, request("/rtc/validate")), 0u);
  EXPECT_EQ(status(gate, join()), 0u);
}

TEST_F(GateTest, TheServerApiHasALimitOfItsOwn) {
  Gate gate = this->gate({.api_requests_per_second = 2});
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(status(gate, request("/twirp/livekit.RoomService/ListRooms")), 0u);
  EXPECT_EQ(status(gate, request("/twirp/livekit.RoomService/ListRooms")), 429u);
  EXPECT_EQ(status(gate, request("/admin/rooms")), 429u);
  EXPECT_EQ(status(gate, join()), 0u);
  EXPECT_EQ(status(gate, request("/metrics")), 429u);
  EXPECT_EQ(status(gate, request("/health")), 0u);
  now_ += 500ms;
  EXPECT_EQ(status(gate, request("/admin/rooms")), 0u);
}

TEST_F(GateTest, ForwardedAddressesAreBelievedOfProxiesAlone) {
  Gate gate = this->gate({.trusted_proxies = {"10.0.0.0/8"}, .joins_per_minute = 1});
  const auto through = [&](const char* socket, const char* chain) {
    net::HttpRequest one = join({{"X-Forwarded-For", chain}});
    one.remote_address = socket;
    return status(gate, one);
  };
  EXPECT_EQ(through("10.1.1.1", "198.51.100.1"), 0u);
  EXPECT_EQ(through("10.1.1.1", "198.51.100.2"), 0u);
  EXPECT_EQ(through("10.1.1.2", "198.51.100.2"), 429u);
  // What the client has written itself stands in front.
  EXPECT_EQ(through("10.1.1.1", "203.0.113.77, 198.51.100.2, 10.1.1.9"), 429u);
  // Written as other proxies do.
  EXPECT_EQ(through("::ffff:10.1.1.1", "198.51.100.2"), 429u);
  EXPECT_EQ(through("10.1.1.1", "198.51.100.2:4711"), 429u);
  EXPECT_EQ(through("10.1.1.1", "::FFFF:198.51.100.2"), 429u);
  EXPECT_EQ(through("10.1.1.1", "[2001:db8::1]:4711"), 0u);
  EXPECT_EQ(through("10.1.1.1", "2001:db8::2"), 429u);
  // What is no address is the proxy's.
  EXPECT_EQ(through("10.1.1.3", "unknown"), 0u);
  EXPECT_EQ(through("10.1.1.3", "hidden"), 429u);
  // Whoever is no proxy may write what it likes.
  EXPECT_EQ(through("192.0.2.7", "203.0.113.1"), 0u);
  EXPECT_EQ(through("192.0.2.7", "203.0.113.2"), 429u);
  EXPECT_EQ(through("127.0.0.1", "203.0.113.3"), 0u);
  EXPECT_EQ(through("127.0.0.1", "203.0.113.4"), 429u);
}

TEST_F(GateTest, AProxyThatAddsALineOfItsOwnIsBelieved) {
  Gate gate = this->gate({.joins_per_minute = 1});
  const auto from = [&](const char* forged, const char* client) {
    net::HttpRequest one = join({{"X-Forwarded-For", forged}, {"x-forwarded-for", client}});
    one.remote_address = "127.0.0.1";
    return status(gate, one);
  };
  EXPECT_EQ(from("203.0.113.1", "198.51.100.1"), 0u);
  EXPECT_EQ(from("203.0.113.2", "198.51.100.1"), 429u);
}

}  // namespace
}  // namespace gstlk::api
