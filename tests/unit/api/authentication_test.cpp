// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/authentication.h"

#include <gtest/gtest.h>

#include "api_fixture.h"

namespace gstlk::api {
namespace {

class AuthenticationTest : public testing::Test {
 protected:
  AuthenticationTest() { token_ = token_with(livekit::VideoGrant()); }

  std::string refusal(const net::HttpRequest& request) {
    const auto claims = authenticator_.authenticate(request);
    if (claims) return *claims ? "accepted" : "nobody";
    EXPECT_EQ(claims.error().status, 401u);
    return claims.error().body;
  }

  std::string token_;
  Authenticator authenticator_{kKeys, fake_clock};
};

TEST_F(AuthenticationTest, TheTokenIsInTheHeaderOrTheQuery) {
  net::HttpRequest request;
  EXPECT_EQ(refusal(request), "nobody");
  request.query = {{"access_token", token_}};
  EXPECT_EQ(refusal(request), "accepted");
  request.query.clear();
  request.headers = {{"authorization", "Bearer " + token_}};
  EXPECT_EQ(refusal(request), "accepted");
}

TEST_F(AuthenticationTest, TheHeaderWins) {
  net::HttpRequest request;
  request.query = {{"access_token", token_}};
  request.headers = {{"Authorization", "Bearer nonsense"}};
  EXPECT_TRUE(refusal(request).starts_with("invalid authorization token"));
}

TEST_F(AuthenticationTest, AnotherSchemeIsNamed) {
  net::HttpRequest request;
  request.headers = {{"Authorization", "Basic abc"}};
  EXPECT_EQ(refusal(request), "invalid authorization header. Must start with Bearer ");
}

TEST_F(AuthenticationTest, AnUnknownKeyIsNamed) {
  Authenticator other({{"APItwo", "x"}}, fake_clock);
  net::HttpRequest request;
  request.query = {{"access_token", token_}};
  EXPECT_EQ(other.authenticate(request).error().body, "invalid API key");
}

TEST_F(AuthenticationTest, ARefreshedTokenLivesTenMinutesAtLeast) {
  livekit::Claims claims;
  claims.issuer = "somebody else";
  claims.expires_at = kNow + 1s;
  claims.not_before = kNow + 1h;
  claims.grants.identity = "alice";
  const auto read = livekit::verify_token(authenticator_.sign(claims), kKeys, kNow);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->issuer, "APIone");
  EXPECT_EQ(read->expires_at, kNow + 10min);
  claims.expires_at = kNow + 2h;
  EXPECT_EQ(livekit::verify_token(authenticator_.sign(claims), kKeys, kNow)->expires_at, kNow + 2h);
}

}  // namespace
}  // namespace gstlk::api
